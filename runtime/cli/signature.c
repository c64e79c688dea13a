// SPDX-License-Identifier: GPL-2.0-or-later
// OpenSSL's libcrypto is loaded only where there are keys: without, a start does not pay for it,
// and it need not be installed.
#include "runtime/cli/signature.h"

#include "runtime/common/msg.h"
#include "runtime/common/regular.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS "/etc/ndtrace/keys"
#define KEY_BYTES 32
#define SIG_BYTES 64
#define ED25519 1087 // EVP_PKEY_ED25519

// ---- files -------------------------------------------------------------------------------------

// Nobody but root may have had a hand in it.
static bool roots_own(const struct stat *st)
{
    return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

// At most `room` bytes of the file; how many, or a negative errno.
static ssize_t read_small(const char *path, void *data, size_t room, bool owned)
{
    struct stat st;
    int fd = nd_regular_open(path, &st);
    ssize_t n = 0;

    if (fd < 0)
        return fd;
    if (owned && !roots_own(&st))
        n = -EPERM;
    else if ((n = pread(fd, data, room, 0)) < 0)
        n = -errno;
    close(fd);
    return n;
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(digits, c) : NULL;

    return p ? (int)(p - digits) : -1;
}

// "-----BEGIN PUBLIC KEY-----", base64 of a head that is always the same and the key.
static bool read_pem(const char *text, uint8_t *key)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----";
    static const uint8_t head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                   0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    const char *p = strstr(text, begin);
    uint8_t der[sizeof(head) + KEY_BYTES];
    uint32_t bits = 0, have = 0, n = 0;

    if (!p)
        return false;
    for (p += strlen(begin); *p && *p != '-' && *p != '='; p++) {
        if (strchr(" \t\r\n", *p))
            continue;
        if (digit(*p) < 0 || n == sizeof(der))
            return false;
        bits = bits << 6 | (uint32_t)digit(*p);
        have += 6;
        if (have >= 8) {
            have -= 8;
            der[n++] = (uint8_t)(bits >> have);
        }
    }
    if (n != sizeof(der) || memcmp(der, head, sizeof(head)) != 0)
        return false;
    memcpy(key, der + sizeof(head), KEY_BYTES);
    return true;
}

// ---- OpenSSL -----------------------------------------------------------------------------------

struct crypto {
    void *lib;
    void *(*key_new)(int type, void *engine, const uint8_t *raw, size_t n);
    void (*key_free)(void *key);
    void *(*md_new)(void);
    void (*md_free)(void *md);
    int (*init)(void *md, void **ctx, const void *type, void *engine, void *key);
    int (*verify)(void *md, const uint8_t *sig, size_t nsig, const uint8_t *data, size_t n);
};

static bool load(struct crypto *c)
{
    static const char *const libs[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
    const struct {
        void *to;
        const char *name;
    } functions[] = {
        {&c->key_new, "EVP_PKEY_new_raw_public_key"},
        {&c->key_free, "EVP_PKEY_free"},
        {&c->md_new, "EVP_MD_CTX_new"},
        {&c->md_free, "EVP_MD_CTX_free"},
        {&c->init, "EVP_DigestVerifyInit"},
        {&c->verify, "EVP_DigestVerify"},
    };
    bool all = true;
    size_t i;

    for (i = 0; i < sizeof(libs) / sizeof(*libs) && !c->lib; i++)
        c->lib = dlopen(libs[i], RTLD_NOW | RTLD_LOCAL);
    for (i = 0; c->lib && i < sizeof(functions) / sizeof(*functions); i++) {
        void *f = dlsym(c->lib, functions[i].name);

        memcpy(functions[i].to, &f, sizeof(f));
        all &= f != NULL;
    }
    return c->lib && all;
}

static bool verifies(const struct crypto *c, const uint8_t *raw, const uint8_t *sig,
                     const void *data, size_t size)
{
    void *key = c->key_new(ED25519, NULL, raw, KEY_BYTES);
    void *md = key ? c->md_new() : NULL;
    bool ok = md && c->init(md, NULL, NULL, NULL, key) == 1 &&
              c->verify(md, sig, SIG_BYTES, data, size) == 1;

    if (md)
        c->md_free(md);
    if (key)
        c->key_free(key);
    return ok;
}

// ---- keys --------------------------------------------------------------------------------------

struct search {
    struct crypto crypto;
    const uint8_t *sig;
    const void *data;
    size_t size;
    bool signed_;
};

static int try_key(struct search *s, const char *path)
{
    char text[4096];
    uint8_t key[KEY_BYTES];
    ssize_t n = read_small(path, text, sizeof(text) - 1, true);

    if (n >= 0) {
        text[n] = 0;
        if (!read_pem(text, key))
            n = -EINVAL;
    }
    if (n < 0) {
        nd_msg("error: the key %s cannot be used: %s", path,
               n == -EPERM    ? "it is not root's, or others may write to it"
               : n == -EINVAL ? "it is not a public key of ed25519 in PEM"
                              : strerror((int)-n));
        return (int)n;
    }
    s->signed_ |= verifies(&s->crypto, key, s->sig, s->data, s->size);
    return 0;
}

static bool is_key(const char *name)
{
    size_t n = strlen(name);

    return *name != '.' && n > 4 && !strcmp(name + n - 4, ".pub");
}

// The keys' folder; NULL and 0 in *err: there are no keys.
static DIR *open_keys(int *err)
{
    DIR *dir = opendir(KEYS);
    const struct dirent *e = NULL;
    struct stat st;

    *err = dir || errno == ENOENT ? 0 : -errno;
    if (dir && (fstat(dirfd(dir), &st) || !roots_own(&st)))
        *err = -EPERM;
    while (dir && !*err && (e = readdir(dir)) && !is_key(e->d_name))
        ;
    if (*err)
        nd_msg("error: the keys in " KEYS " cannot be used: %s",
               *err == -EPERM ? "the folder is not root's, or others may write to it"
                              : strerror(-*err));
    if (dir && (*err || !e)) {
        closedir(dir);
        return NULL;
    }
    if (dir)
        rewinddir(dir);
    return dir;
}

static int try_keys(struct search *s, DIR *dir)
{
    const struct dirent *e;
    char path[PATH_MAX];
    int err = 0;

    while (!err && !s->signed_ && (e = readdir(dir))) {
        if (!is_key(e->d_name))
            continue;
        snprintf(path, sizeof(path), KEYS "/%s", e->d_name);
        err = try_key(s, path);
    }
    return err;
}

static int unsigned_object(const char *path, const char *why)
{
    nd_msg("error: %s %s; sign it (docs/objects.md), or load it nevertheless with --unsigned", path,
           why);
    return -EKEYREJECTED;
}

int nd_signature_check(const char *path, const void *data, size_t size)
{
    uint8_t sig[SIG_BYTES + 1];
    struct search s = {.sig = sig, .data = data, .size = size};
    char name[PATH_MAX];
    int err;
    DIR *dir = open_keys(&err);

    if (!dir)
        return err;
    snprintf(name, sizeof(name), "%s.sig", path);
    if (read_small(name, sig, sizeof(sig), false) != SIG_BYTES) {
        err = unsigned_object(path, "has no signature");
    } else if (!load(&s.crypto)) {
        nd_msg("error: signatures cannot be checked: OpenSSL's libcrypto is not installed");
        err = -ENOSYS;
    } else {
        err = try_keys(&s, dir);
        if (!err && !s.signed_)
            err = unsigned_object(path, "is not signed by any of the keys in " KEYS);
    }
    closedir(dir);
    return err;
}
