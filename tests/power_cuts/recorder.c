/* Notes what a process writes to the files in a folder, and when it has them brought to the disk, so that a test can
 * tell what a power cut would have left. Loaded with LD_PRELOAD; RECORDED_FOLDER and RECORDING say what and where to.
 *
 * A record is a head of six 64-bit numbers (kind, file, offset, length of the data, length of the name, 0), and then the
 * name and the data. Files are told apart by their inode. The record is written before the call is passed on, but for a
 * sync, which counts only once it is done. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITTEN = 1, TRUNCATED = 2, SYNCED = 3 };

static pthread_mutex_t recording_lock = PTHREAD_MUTEX_INITIALIZER;
static int recording = -1;
static size_t folder_length;
static char folder[PATH_MAX];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RECORDING"), *wanted = getenv("RECORDED_FOLDER");
    if (!path || !wanted || !realpath(wanted, folder)) return;
    folder_length = strlen(folder);
    recording = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The name of the file in the folder; nothing for any other. */
static const char *name_of(int fd, char *path, uint64_t *file) {
    char link[64];
    struct stat status;
    if (recording < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    if (strncmp(path, folder, folder_length) != 0 || path[folder_length] != '/') return NULL;
    *file = status.st_ino;
    return path + folder_length + 1;
}

static void note(int fd, uint64_t kind, uint64_t offset, const void *data, size_t length) {
    char path[PATH_MAX];
    uint64_t file;
    int before = errno;
    const char *name = name_of(fd, path, &file);
    if (name) {
        uint64_t head[6] = {kind, file, offset, length, strlen(name), 0};
        struct iovec parts[3] = {
            {head, sizeof head}, {(void *)name, strlen(name)}, {(void *)data, data ? length : 0}};
        size_t whole = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
        pthread_mutex_lock(&recording_lock);
        if (writev(recording, parts, 3) != (ssize_t)whole) abort();
        pthread_mutex_unlock(&recording_lock);
    }
    errno = before;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    note(fd, WRITTEN, (uint64_t)offset, data, length);
    return REAL(pwrite64)(fd, data, length, offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    note(fd, WRITTEN, (uint64_t)offset, data, length);
    return REAL(pwrite)(fd, data, length, offset);
}

ssize_t write(int fd, const void *data, size_t length) {
    char path[PATH_MAX];
    uint64_t file;
    if (name_of(fd, path, &file)) note(fd, WRITTEN, (uint64_t)lseek(fd, 0, SEEK_CUR), data, length);
    return REAL(write)(fd, data, length);
}

int ftruncate64(int fd, off64_t length) {
    note(fd, TRUNCATED, (uint64_t)length, NULL, 0);
    return REAL(ftruncate64)(fd, length);
}

int ftruncate(int fd, off_t length) {
    note(fd, TRUNCATED, (uint64_t)length, NULL, 0);
    return REAL(ftruncate)(fd, length);
}

int fsync(int fd) {
    int done = REAL(fsync)(fd);
    if (done == 0) note(fd, SYNCED, 0, NULL, 0);
    return done;
}

int fdatasync(int fd) {
    int done = REAL(fdatasync)(fd);
    if (done == 0) note(fd, SYNCED, 0, NULL, 0);
    return done;
}
