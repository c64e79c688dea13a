// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// include/uapi/linux/capability.h; the last two are newer than some headers.
static const unsigned int bits[ND_CAP_MAX] = {
    [ND_CAP_SYS_ADMIN] = CAP_SYS_ADMIN,
    [ND_CAP_BPF] = 39,
    [ND_CAP_PERFMON] = 38,
    [ND_CAP_SYSLOG] = CAP_SYSLOG,
    [ND_CAP_DAC_READ_SEARCH] = CAP_DAC_READ_SEARCH,
};

bool nd_caps_has(enum nd_cap cap)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    memset(data, 0, sizeof(data));
    if (syscall(SYS_capget, &head, data))
        return geteuid() == 0;
    return (data[bits[cap] / 32].effective >> bits[cap] % 32 & 1) != 0;
}

int nd_caps_keep(uint64_t keep)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    int i;

    memset(data, 0, sizeof(data));
    if (syscall(SYS_capget, &head, data))
        return -errno;
    for (i = 0; i < 2; i++) {
        data[i].permitted &= (uint32_t)(keep >> 32 * i);
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return syscall(SYS_capset, &head, data) ? -errno : 0;
}

bool nd_caps_may_trace(void)
{
    return !nd_caps_to_trace();
}

const char *nd_caps_to_trace(void)
{
    bool bpf, perfmon;

    if (nd_caps_has(ND_CAP_SYS_ADMIN))
        return NULL;
    // Is it a capability that this kernel knows?
    if (prctl(PR_CAPBSET_READ, bits[ND_CAP_BPF], 0, 0, 0) < 0)
        return "CAP_SYS_ADMIN is missing";
    bpf = nd_caps_has(ND_CAP_BPF);
    perfmon = nd_caps_has(ND_CAP_PERFMON);
    return bpf       ? perfmon ? NULL : "CAP_PERFMON is missing"
           : perfmon ? "CAP_BPF is missing"
                     : "CAP_BPF and CAP_PERFMON are missing";
}

const char *nd_caps_lockdown_of(const char *text)
{
    return strstr(text, "[confidentiality]") ? "confidentiality"
           : strstr(text, "[integrity]")     ? "integrity"
                                             : NULL;
}

const char *nd_caps_lockdown(void)
{
    char text[128] = "";
    FILE *f = fopen("/sys/kernel/security/lockdown", "re");

    if (!f)
        return NULL;
    if (!fgets(text, sizeof(text), f))
        *text = 0;
    fclose(f);
    return nd_caps_lockdown_of(text);
}
