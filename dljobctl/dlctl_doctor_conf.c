/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: the configuration, read past its errors, so that one run tells of
 * all of them and looks at the rest too.
 */
#include "dlctl_doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#define ERRORS_MAX 20

/* @return the text, NUL-terminated, or NULL: errno */
static char *slurp(const char *path, apr_size_t *len, struct stat *st,
                   apr_pool_t *p)
{
    char *text = apr_palloc(p, DL_CONFFILE_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;

    if (fd < 0)
        return NULL;
    *len = 0;
    n = fstat(fd, st);
    while (n == 0 || (n > 0 && *len < DL_CONFFILE_MAX)) {
        n = read(fd, text + *len, DL_CONFFILE_MAX - *len);
        if (n <= 0)
            break;
        *len += (apr_size_t)n;
    }
    close(fd);
    text[*len] = '\0';
    return n < 0 ? NULL : text;
}

/* Whether the line that ends before @a end goes on in the next. */
static int goes_on(const char *text, const char *end)
{
    if (end > text && end[-1] == '\r')
        end--;
    return end > text && end[-1] == '\\';
}

/* Blanks the directive that ends in line @a number.
 * @return whether there was one */
static int blank(char *text, int number)
{
    char *line = text, *end;
    int changed = 0;

    while (--number > 0 && (line = strchr(line, '\n')) != NULL)
        line++;
    if (number < 0 || line == NULL)
        return 0;
    end = line + strcspn(line, "\n");
    while (line > text && goes_on(text, line - 1))
        for (line--; line > text && line[-1] != '\n'; line--)
            ;
    for (; line < end; line++) {
        changed |= *line != ' ' && *line != '\n';
        if (*line != '\n')
            *line = ' ';
    }
    return changed;
}

/* LINE of "FILE:LINE: sentence", or 0 */
static int line_of(const char *error, const char *name)
{
    apr_size_t len = strlen(name);

    return strncmp(error, name, len) == 0 && error[len] == ':'
               ? (int)apr_atoi64(error + len + 1) : 0;
}

/* @return how many errors there were; settings are what is right */
static int read_past(dlctl_doctor_t *doctor, const char *name, char *text,
                     apr_size_t len, dl_settings_t **settings)
{
    int errors = 0;

    for (;;) {
        const char *error;

        *settings = dl_settings_create(doctor->pool);
        error = dl_conffile_text(name, text, len, *settings, doctor->pool);
        if (!error)
            return errors;
        dlctl_found(doctor, "configuration", DLCTL_ERROR, "", "%s", error);
        if (++errors == ERRORS_MAX || !blank(text, line_of(error, name))) {
            *settings = dl_settings_create(doctor->pool);
            return errors;
        }
    }
}

static int read_directives(dlctl_doctor_t *doctor, dl_settings_t *settings)
{
    apr_array_header_t *more = dlctl_args_all(doctor->ctl->args, "directive",
                                              doctor->pool);
    int errors = 0;

    for (int i = 0; i < more->nelts; i++) {
        const char *text = APR_ARRAY_IDX(more, i, const char *);
        const char *name = apr_psprintf(doctor->pool, "-D %d", i + 1);
        const char *error = dl_conffile_text(name, text, strlen(text),
                                             settings, doctor->pool);

        if (error) {
            dlctl_found(doctor, "configuration", DLCTL_ERROR, "", "%s",
                        error);
            errors++;
        }
    }
    return errors;
}

static void look_at_mode(dlctl_doctor_t *doctor, const char *file,
                         const struct stat *st)
{
    if ((st->st_mode & 0002) != 0)
        dlctl_found(doctor, "configuration", DLCTL_ERROR,
                    apr_psprintf(doctor->pool, "chmod o-w %s", file),
                    "%s can be changed by everybody, and with it what the "
                    "worker runs", file);
}

static void look_at_credentials(dlctl_doctor_t *doctor)
{
    const dl_credentials_t *keys = &doctor->conf->credentials;

    if (keys->link_key || keys->access_key)
        dlctl_found(doctor, "credentials", DLCTL_FINE, "", "%s%s%s, and no "
                    "other users can read them",
                    keys->link_key ? "link_key" : "",
                    keys->link_key && keys->access_key ? ", " : "",
                    keys->access_key ? "access_key, secret_key" : "");
}

int dlctl_doctor_conf(dlctl_doctor_t *doctor)
{
    const char *file = dlctl_args_get(doctor->ctl->args, "file"), *error;
    dl_settings_t *settings;
    apr_size_t len;
    struct stat st;
    char *text;
    int errors;

    if (!file)
        file = DLCTL_FILE;
    text = slurp(file, &len, &st, doctor->pool);
    if (!text) {
        dlctl_found(doctor, "configuration", DLCTL_ERROR,
                    errno == EACCES ? "run doctor as root, or as a member of "
                                      "the file's group"
                                    : "name the file by -f FILE",
                    "%s cannot be read: %s", file, strerror(errno));
        return -1;
    }
    look_at_mode(doctor, file, &st);
    errors = read_past(doctor, file, text, len, &settings);
    errors += read_directives(doctor, settings);
    doctor->conf = settings->conf;
    error = errors ? NULL
                   : dl_settings_check(settings, file, 0, doctor->pool);
    if (error)
        dlctl_found(doctor, "configuration", DLCTL_ERROR, "", "%s", error);
    else if (!errors)
        dlctl_found(doctor, "configuration", DLCTL_FINE, "", "%s is right",
                    file);
    look_at_credentials(doctor);
    return 0;
}
