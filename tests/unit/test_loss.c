// SPDX-License-Identifier: GPL-2.0-or-later
// What was lost, counted by programs and by event buffers.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "runtime/run/loss.h"

static void buffers_add_what_programs_do_not_know(void **state)
{
    uint64_t words[2] = {0, 0};
    const struct nd_mf_site sites[] = {
        {.kind = ND_SITE_EVENT_LOST, .counter_off = 8, .map = ND_MF_NONE}};
    const struct nd_mf mf = {.sites = sites, .nsites = 1};
    const struct nd_state shared = {.shared = (uint8_t *)words};
    struct nd_losses *l = nd_losses_new(&mf, &shared);
    const struct nd_loss *loss;

    (void)state;
    assert_non_null(l);
    // Programs counted all of it: the buffers tell the same later, or less.
    words[1] = 10;
    nd_losses_buffers(l, 0, 7);
    assert_int_equal(nd_losses_events(l), 10);
    assert_int_equal(nd_losses_report(l, &loss), 1);
    assert_int_equal(loss[0].count, 10);
    // They counted nothing, as on Linux before 5.1.
    words[1] = 0;
    nd_losses_buffers(l, 0, 7);
    assert_int_equal(nd_losses_events(l), 7);
    nd_losses_buffers(l, 2, 9); // and two records that made no sense
    assert_int_equal(nd_losses_events(l), 11);
    assert_int_equal(nd_losses_report(l, &loss), 1);
    assert_int_equal(loss[0].count, 11);
    assert_int_equal(nd_losses_report(l, &loss), 0);
    nd_losses_free(l);
}

static void split_state_is_zero_without_maps(void **state)
{
    const struct nd_state none = {.words_fd = -1, .data_fd = -1};

    (void)state;
    assert_false(nd_state_there(&none));
    assert_int_equal(nd_state_get(&none, 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_add_what_programs_do_not_know),
        cmocka_unit_test(split_state_is_zero_without_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
