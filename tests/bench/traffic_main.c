// SPDX-License-Identifier: GPL-2.0-or-later
// The traffic alone, for tests and for a look by hand: how many packets were sent and arrived.
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct traffic t = {.packets = 1000};
    int c;

    while ((c = getopt(argc, argv, "n:r:b:s:d:e")) != -1) {
        switch (c) {
        case 'n':
            t.packets = (uint32_t)atoi(optarg);
            break;
        case 'r':
            t.rate = (uint32_t)atoi(optarg);
            break;
        case 'b':
            t.bytes = (uint32_t)atoi(optarg);
            break;
        case 's':
            t.src_ns = optarg;
            break;
        case 'd':
            t.dst_ns = optarg;
            break;
        case 'e':
            t.echo = 1;
            break;
        default:
            fprintf(
                stderr,
                "usage: traffic [-n PACKETS] [-r PER_SECOND] [-b BYTES] [-s NS] [-d NS] [-e]\n");
            return 2;
        }
    }
    if (traffic_open(&t) || traffic_send(&t, t.packets)) {
        perror("traffic");
        return 1;
    }
    printf("sent=%u got=%u echoed=%u pps=%.0f\n", t.sent, t.got, t.echoed, t.per_second);
    return 0;
}
