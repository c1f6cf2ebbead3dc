/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dljob.conf without httpd; see dl_conffile.h.
 */
#include "dl_conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "dl_parse.h"

/** Where the reader is. */
typedef struct reader_t {
    const char *text;           /**< what is left */
    apr_size_t len;
    int line;                   /**< number of the last line taken */
    char *joined;               /**< room for DL_CONFFILE_LINE_MAX and NUL */
} reader_t;

dl_settings_t *dl_settings_create(apr_pool_t *p)
{
    dl_settings_t *settings = apr_pcalloc(p, sizeof(*settings));

    settings->conf = dl_config_create(p);
    settings->location = dl_location_create(p);
    return settings;
}

/** The next physical line without its line feed; 0 at the end. */
static int next_line(reader_t *reader, const char **line, apr_size_t *len)
{
    const char *end;

    if (reader->len == 0) {
        return 0;
    }
    end = memchr(reader->text, '\n', reader->len);
    *line = reader->text;
    *len = end != NULL ? (apr_size_t)(end - reader->text) : reader->len;
    reader->text += *len + (end != NULL);
    reader->len -= *len + (end != NULL);
    reader->line++;
    return 1;
}

/**
 * The next directive with its continuation lines joined, blanks cut off at
 * both ends, as ap_cfg_getline() does it.
 * @param directive  valid until the next call; NULL at the end of the text
 * @return NULL or a sentence
 */
static const char *next_directive(reader_t *reader, char **directive)
{
    const char *line = NULL;
    apr_size_t len = 0;
    apr_size_t total = 0;
    char *text = reader->joined;
    int lines = 0;
    int more = 1;

    for (; more && next_line(reader, &line, &len); lines++) {
        if (memchr(line, '\0', len) != NULL) {
            return "the line holds a NUL byte; remove it";
        }
        if (len > 0 && line[len - 1] == '\r') {
            len--;
        }
        more = len > 0 && line[len - 1] == '\\';
        len -= more;
        if (total + len > DL_CONFFILE_LINE_MAX) {
            return "the line is longer than 64K; shorten it";
        }
        memcpy(text + total, line, len);
        total += len;
    }
    while (total > 0 && apr_isspace(text[total - 1])) {
        total--;
    }
    text[total] = '\0';
    while (apr_isspace(*text)) {
        text++;
    }
    *directive = lines > 0 ? text : NULL;
    return NULL;
}

static const char *unknown(const char *name, apr_pool_t *p)
{
    const char *near = dl_directive_near(name);

    if (*name == '<') {
        return apr_psprintf(p, "%s: sections belong into httpd's own files, "
                            "as only httpd reads them; move it there",
                            dl_parse_quote(name, p));
    }
    if (strncasecmp(name, "Include", 7) == 0) {
        return apr_psprintf(p, "%s is not possible here; write its "
                            "directives into this file",
                            dl_parse_quote(name, p));
    }
    if (near != NULL) {
        return apr_psprintf(p, "%s is not a directive of dljob; did you mean "
                            "%s?", dl_parse_quote(name, p), near);
    }
    return apr_psprintf(p, "%s is not a directive of dljob; those of httpd "
                        "belong into httpd's own files",
                        dl_parse_quote(name, p));
}

static const char *directive_line(const char *line, const dl_where_t *where,
                                  dl_settings_t *settings, apr_pool_t *p)
{
    apr_size_t len = strcspn(line, " \t\v\f\r\n");
    const char *name = apr_pstrmemdup(p, line, len);
    const dl_directive_t *directive = dl_directive_find(name);

    if (directive == NULL) {
        return unknown(name, p);
    }
    settings->where[dl_directive_index(directive)] = *where;
    return dl_directive_apply(directive, line + len,
                              directive->scope == DL_SCOPE_LOCATION
                                  ? (void *)settings->location
                                  : (void *)settings->conf,
                              &settings->set, p);
}

/** "FILE:LINE: sentence", or "FILE: sentence" where there is no line. */
static const char *located(const dl_where_t *where, const char *sentence,
                           apr_pool_t *p)
{
    return where->line > 0
               ? apr_psprintf(p, "%s:%d: %s", where->file, where->line,
                              sentence)
               : apr_pstrcat(p, where->file, ": ", sentence, NULL);
}

const char *dl_conffile_text(const char *name, const char *text,
                             apr_size_t len, dl_settings_t *settings,
                             apr_pool_t *p)
{
    reader_t reader = { text, len, 0,
                        apr_palloc(p, DL_CONFFILE_LINE_MAX + 1) };
    dl_where_t where = { apr_pstrdup(p, name), 0 };
    const char *error = NULL;
    char *line = NULL;

    do {
        error = next_directive(&reader, &line);
        where.line = reader.line;
        if (error == NULL && line != NULL && *line != '\0' && *line != '#') {
            error = directive_line(dl_directive_resolve(line, p), &where,
                                   settings, p);
        }
    } while (error == NULL && line != NULL);
    return error == NULL ? NULL : located(&where, error, p);
}

const char *dl_settings_check(const dl_settings_t *settings,
                              const char *name, int for_worker, apr_pool_t *p)
{
    const char *error = dl_config_check(settings->conf, for_worker, p);
    dl_where_t nowhere = { name, 0 };
    const dl_where_t *where;

    if (error == NULL) {
        error = dl_location_check(settings->location, p);
    }
    if (error == NULL) {
        return NULL;
    }
    where = dl_directive_where(settings->where, error, p);
    return located(where != NULL ? where : &nowhere, error, p);
}

/** Reads a whole regular file. @return NULL or the reason. */
static const char *read_file(const char *path, apr_pool_t *p, char **text,
                             apr_size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *reason = NULL;
    struct stat st;
    apr_size_t n = 0;

    if (fd < 0) {
        return strerror(errno);
    }
    if (fstat(fd, &st) != 0) {
        reason = strerror(errno);
    }
    else if (!S_ISREG(st.st_mode)) {
        reason = "not a regular file";
    }
    else if (st.st_size > DL_CONFFILE_MAX) {
        reason = "larger than 1M";
    }
    else {
        *text = apr_palloc(p, (apr_size_t)st.st_size + 1);
        while (reason == NULL && n < (apr_size_t)st.st_size) {
            ssize_t got = read(fd, *text + n, (apr_size_t)st.st_size - n);
            if (got == 0) {
                break;
            }
            if (got < 0 && errno != EINTR) {
                reason = strerror(errno);
            }
            n += got > 0 ? (apr_size_t)got : 0;
        }
        *len = n;
    }
    close(fd);
    return reason;
}

const char *dl_conffile_read(const char *path, dl_settings_t *settings,
                             apr_pool_t *p)
{
    char *text = NULL;
    apr_size_t len = 0;
    const char *reason = read_file(path, p, &text, &len);

    if (reason != NULL) {
        return apr_psprintf(p, "%s: cannot read the configuration: %s; name "
                            "another with -f or correct it", path, reason);
    }
    return dl_conffile_text(path, text, len, settings, p);
}
