/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP addresses: read in every notation that some resolver accepts, and told
 * apart into those of the open internet and all others.
 */
#ifndef DL_IP_H
#define DL_IP_H

#include <apr.h>

struct sockaddr;

typedef struct dl_ip_t {
    int v6;
    unsigned char b[16];        /**< network order; IPv4: the first four */
} dl_ip_t;

#define DL_IP_TEXT 48           /**< enough for dl_ip_text() */

typedef enum {
    DL_IP_NONE,                 /**< no address: a name */
    DL_IP_BAD,                  /**< meant as an address, but is none */
    DL_IP_PLAIN,                /**< four decimal numbers, or IPv6 */
    DL_IP_ODD                   /**< IPv4 in octal, hex, or fewer parts */
} dl_ip_e;

/**
 * Reads an IPv4 address as inet_aton() and browsers do: 127.0.0.1, 127.1,
 * 2130706433, 0x7f.1, 0177.0.0.1. A name whose last label is a number is
 * never a name (WHATWG URL, "ends in a number").
 */
dl_ip_e dl_ip_parse4(const char *s, apr_size_t len, dl_ip_t *ip);

/** Reads an IPv6 address without brackets and zone; PLAIN or BAD. */
dl_ip_e dl_ip_parse6(const char *s, apr_size_t len, dl_ip_t *ip);

/** @return 0 for a family other than IPv4 and IPv6 */
int dl_ip_from_sockaddr(const struct sockaddr *sa, dl_ip_t *ip);

/** @param out  DL_IP_TEXT bytes */
void dl_ip_text(const dl_ip_t *ip, char *out);

/** Whether the first @a bits of both are equal (and the family). */
int dl_ip_in(const dl_ip_t *ip, const dl_ip_t *net, int bits);

/**
 * Why nothing may be sent to an address on a stranger's word.
 *
 * IPv4 inside NAT64 (RFC 6052) is judged as the IPv4 address it reaches.
 * Source: the IANA special-purpose address registries (RFC 6890).
 * @return NULL for a global unicast address, else "a loopback address" …
 */
const char *dl_ip_refusal(const dl_ip_t *ip);

#endif /* DL_IP_H */
