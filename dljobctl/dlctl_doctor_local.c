/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: directories and the source, as they are on this host.
 */
#include "dlctl_doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include "dlctl_text.h"

#define CONNECT_MS 5000
#define FILE_ID "%{file_id}"

/* ---- directories */

/* As root everything can be written to: then the owner tells. */
static void look_at_owner(dlctl_doctor_t *doctor, const char *check,
                          const char *directive, const char *dir,
                          const struct stat *st)
{
    if ((st->st_mode & 0002) && !(st->st_mode & S_ISVTX))
        dlctl_found(doctor, check, DLCTL_WARNING,
                    apr_psprintf(doctor->pool, "chmod o-w %s", dir),
                    "%s %s can be written to by everybody", directive, dir);
    else if (geteuid() == 0 && st->st_uid == 0 && !(st->st_mode & 0022))
        dlctl_found(doctor, check, DLCTL_WARNING,
                    apr_psprintf(doctor->pool, "chown dljob %s, unless "
                                 "dlworker runs as root", dir),
                    "%s %s belongs to root alone, so the worker cannot write "
                    "there", directive, dir);
}

static void look_at_room(dlctl_doctor_t *doctor, const char *check,
                         const char *directive, const char *dir,
                         apr_int64_t need)
{
    struct statvfs fs;
    apr_int64_t free_bytes;

    if (statvfs(dir, &fs) != 0)
        return;
    free_bytes = (apr_int64_t)fs.f_bavail * (apr_int64_t)fs.f_frsize;
    if (free_bytes < 64 * 1024 * 1024 || fs.f_favail == 0)
        dlctl_found(doctor, check, DLCTL_ERROR, "make room there",
                    "%s %s: the disk is full (%s are free)", directive, dir,
                    dlctl_text_size(free_bytes, doctor->pool));
    else if (free_bytes < need)
        dlctl_found(doctor, check, DLCTL_WARNING, "make room there, or lower "
                    "DLJobMaxObject", "%s %s: %s are free, less than one "
                    "file may have (DLJobMaxObject)", directive, dir,
                    dlctl_text_size(free_bytes, doctor->pool));
}

int dlctl_doctor_dir(dlctl_doctor_t *doctor, const char *check,
                     const char *directive, const char *dir,
                     apr_int64_t need)
{
    struct stat st;

    if (stat(dir, &st) != 0) {
        dlctl_found(doctor, check, DLCTL_ERROR,
                    apr_psprintf(doctor->pool, "install -d -o dljob %s", dir),
                    "%s %s: %s", directive, dir, strerror(errno));
        return 0;
    }
    if (!S_ISDIR(st.st_mode)) {
        dlctl_found(doctor, check, DLCTL_ERROR, "name a directory",
                    "%s %s is not a directory", directive, dir);
        return 0;
    }
    if (access(dir, W_OK | X_OK) != 0) {
        int mine = st.st_uid == geteuid() || errno == EROFS;

        dlctl_found(doctor, check, mine ? DLCTL_ERROR : DLCTL_SKIPPED,
                    mine ? "make it writable for its owner"
                         : "run doctor as root or as the worker's user",
                    "%s %s cannot be written to by this user: %s", directive,
                    dir, strerror(errno));
        return 0;
    }
    look_at_owner(doctor, check, directive, dir, &st);
    look_at_room(doctor, check, directive, dir, need);
    return 1;
}

/* ---- sources */

static void look_at_program(dlctl_doctor_t *doctor, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        dlctl_found(doctor, "source", DLCTL_ERROR, "install it, or correct "
                    "the path in DLJobSource", "the program %s: %s", path,
                    strerror(errno));
    else if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        dlctl_found(doctor, "source", DLCTL_ERROR,
                    apr_psprintf(doctor->pool, "chmod +x %s", path),
                    "%s is not a program that can be run", path);
    else if (st.st_mode & 0002)
        dlctl_found(doctor, "source", DLCTL_ERROR,
                    apr_psprintf(doctor->pool, "chmod o-w %s", path),
                    "%s can be changed by everybody", path);
    else
        dlctl_found(doctor, "source", DLCTL_FINE, "", "exec %s", path);
}

/* A file's URL with some id: only the host of it is spoken to. */
static const char *some_url(const dlctl_doctor_t *doctor)
{
    const char *url = doctor->conf->source.url;
    const char *at = strstr(url, FILE_ID);

    return at ? apr_psprintf(doctor->pool, "%.*s%" APR_INT64_T_FMT "%s",
                             (int)(at - url), url, doctor->conf->file_id_min,
                             at + sizeof(FILE_ID) - 1) : url;
}

/* Connects, with TLS, and asks nothing: a question may be work. */
static void look_at_origin(dlctl_doctor_t *doctor)
{
    const dl_source_conf_t *source = &doctor->conf->source;
    char error[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode rc;

    if (!curl)
        return;
    curl_easy_setopt(curl, CURLOPT_URL, some_url(doctor));
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (source->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, source->ca_file);
    rc = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    if (rc == CURLE_OK)
        dlctl_found(doctor, "source", DLCTL_FINE, "", "http: its host can be "
                    "connected to");
    else
        dlctl_found(doctor, "source", DLCTL_ERROR, "start the service behind "
                    "DLJobSource, or correct its URL", "http: %s",
                    *error ? error : curl_easy_strerror(rc));
}

static void look_at_source(dlctl_doctor_t *doctor)
{
    const dl_source_conf_t *source = &doctor->conf->source;

    switch (source->kind) {
    case DL_SOURCE_NONE:
        dlctl_found(doctor, "source", DLCTL_WARNING, "add DLJobSource where "
                    "workers run", "DLJobSource is missing: a worker with "
                    "this file cannot start");
        break;
    case DL_SOURCE_EXEC:
        look_at_program(doctor, source->argv[0]);
        break;
    case DL_SOURCE_HTTP:
        look_at_origin(doctor);
        break;
    case DL_SOURCE_STORE:
        dlctl_found(doctor, "source", DLCTL_FINE, "", "store: objects are "
                    "there already");
        break;
    case DL_SOURCE_SIMULATE:
        dlctl_found(doctor, "source", DLCTL_FINE, "", "simulate: makes small "
                    "objects, for demonstrations");
        break;
    }
}

void dlctl_doctor_local(dlctl_doctor_t *doctor)
{
    const dl_config_t *conf = doctor->conf;
    int before;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    look_at_source(doctor);
    curl_global_cleanup();
    if (conf->source.kind == DL_SOURCE_NONE
        || conf->source.kind == DL_SOURCE_STORE)
        return;
    before = doctor->findings->nelts;
    if (dlctl_doctor_dir(doctor, "spool", "DLJobSpool", conf->spool,
                         conf->max_object)
        && doctor->findings->nelts == before)
        dlctl_found(doctor, "spool", DLCTL_FINE, "", "%s can be written to",
                    conf->spool);
}
