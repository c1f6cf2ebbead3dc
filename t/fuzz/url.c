/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URL guard against libcurl and the C library: a URL that passes is read
 * by libcurl with the same host and port and without a user, and a host that
 * inet_aton() takes for an address is a global one.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include "dl_url_guard.h"
#include "fuzz.h"

static char *part(CURLU *curl, CURLUPart what, unsigned int flags)
{
    char *text = NULL;

    return curl_url_get(curl, what, &text, flags) == CURLUE_OK ? text : NULL;
}

static void must_agree(const char *text, const dl_url_t *url, apr_pool_t *p)
{
    CURLU *curl = curl_url();
    const char *ours = url->ip_kind != DL_IP_NONE && url->ip.v6
        ? apr_pstrcat(p, "[", url->host, "]", NULL) : url->host;
    char *host, *port, *user;
    size_t n;

    FUZZ_MUST(curl_url_set(curl, CURLUPART_URL, text, 0) == CURLUE_OK,
              "libcurl refuses it");
    host = part(curl, CURLUPART_HOST, 0);
    port = part(curl, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    user = part(curl, CURLUPART_USER, 0);
    FUZZ_MUST(host && port && !user, "parts");
    n = strlen(host);
    if (n && host[n - 1] == '.') {
        host[n - 1] = '\0';
    }
    if (url->ip_kind == DL_IP_NONE) {
        FUZZ_MUST(strcasecmp(host, ours) == 0, "host");
    }
    FUZZ_MUST(atoi(port) == url->port, "port");
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(curl);
}

void fuzz_url(const uint8_t *data, size_t size)
{
    const dl_url_guard_t *guard;
    struct in_addr in;
    dl_url_t url;
    dl_ip_t ip;
    apr_pool_t *p;
    char *text;

    apr_pool_create(&p, NULL);
    FUZZ_MUST(!dl_url_guard_create(NULL, p, &guard), "guard");
    text = apr_pmemdup(p, data, size);
    if (!dl_url_guard_check(guard, text, size, p, &url)) {
        FUZZ_MUST(size <= DL_URL_MAX && url.https
                  && (url.port == 443 || url.port == 8443)
                  && url.path[0] == '/', "bounds");
        if (inet_aton(url.host, &in)) {
            FUZZ_MUST(url.ip_kind == DL_IP_PLAIN, "an address in disguise");
            memset(&ip, 0, sizeof(ip));
            memcpy(ip.b, &in, 4);
            FUZZ_MUST(!dl_ip_refusal(&ip), "an address that is not public");
        }
        must_agree(apr_pstrmemdup(p, text, size), &url, p);
    }
    apr_pool_destroy(p);
}
