// A disk that fails on command: preloaded into the server, it makes the calls fail by which LMDB writes its file.
//
// The commands are in a file of five 32-bit integers, named by FAULTS and mapped by both sides:
//   calls   which calls fail: 1 writing pages, 2 writing the root page, 4 syncing; 8: syncing takes for ever
//   error   with which errno; 0 writes half of the bytes and says so
//   loses   1: what was written since the last sync is gone when a sync fails, as when a kernel gives up on its pages
//   failed  counts the calls that failed
//   cut     the power fails with so many more calls: of what was not synced some pages are gone, and the process too
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGES = 1, ROOT = 2, SYNC = 4, HANG = 8 };

static struct { volatile uint32_t calls, error, loses, failed, cut; } *command;

// What stood where something was written since the last sync, the newest first.
struct page { struct page *next; off_t offset; size_t size; char bytes[]; };
static struct page *unsynced;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *command, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) command = mapped;
    close(file);
}

static int is_data(int file) {
    if (!command) return 0;
    char link[64] = "/proc/self/fd/", path[4096];
    char digits[16];
    int place = 0, length = 0;
    do digits[place++] = '0' + file % 10; while (file /= 10);
    for (length = strlen(link); place; ) link[length++] = digits[--place];
    link[length] = 0;
    ssize_t size = readlink(link, path, sizeof path);
    return size > 9 && !memcmp(path + size - 9, "/data.mdb", 9);
}

static void remember(int file, off_t offset, size_t size) {
    if (!command->loses) return;
    struct page *page = calloc(1, sizeof *page + size);
    page->offset = offset;
    page->size = size;
    // Beyond the end of the file there was nothing: zeros.
    if (pread(file, page->bytes, size, offset) < 0) abort();
    pthread_mutex_lock(&lock);
    page->next = unsynced;
    unsynced = page;
    pthread_mutex_unlock(&lock);
}

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void find(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

// Puts back what stood there: all of it, or what chance says. Newest first, so what is left is some state in between.
static void restore(int file, int all) {
    for (struct page *page = unsynced; page; page = page->next) {
        for (size_t place = 0; place < page->size; place += 4096) {
            size_t size = page->size - place < 4096 ? page->size - place : 4096;
            if (!all && random() % 2) continue;
            if (real_pwrite(file, page->bytes + place, size, page->offset + place) < 0) abort();
        }
    }
}

static void forget(void) {
    while (unsynced) {
        struct page *page = unsynced;
        unsynced = page->next;
        free(page);
    }
}

// Whether this call fails. It does not return when the power does.
static int fails(int file, uint32_t call) {
    if (command->cut && --command->cut == 0) {
        srandom(getpid());
        pthread_mutex_lock(&lock);
        restore(file, 0);
        kill(getpid(), SIGKILL);
    }
    if (!(command->calls & call)) return 0;
    __atomic_add_fetch(&command->failed, 1, __ATOMIC_SEQ_CST);
    return 1;
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    if (!is_data(file)) return real_pwrite(file, bytes, size, offset);
    uint32_t call = fcntl(file, F_GETFL) & O_DSYNC ? ROOT : PAGES;
    if (fails(file, call)) {
        if (!command->error) return real_pwrite(file, bytes, size / 2, offset);
        errno = command->error;
        return -1;
    }
    if (call == PAGES) remember(file, offset, size);
    return real_pwrite(file, bytes, size, offset);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (!is_data(file)) return real_writev(file, parts, count);
    if (fails(file, PAGES)) {
        if (!command->error) return real_writev(file, parts, 1);
        errno = command->error;
        return -1;
    }
    size_t size = 0;
    for (int part = 0; part < count; part++) size += parts[part].iov_len;
    remember(file, lseek(file, 0, SEEK_CUR), size);
    return real_writev(file, parts, count);
}

int fdatasync(int file) {
    if (!is_data(file)) return real_fdatasync(file);
    while (command->calls & HANG) usleep(1000);
    int failing = fails(file, SYNC);
    pthread_mutex_lock(&lock);
    if (failing) restore(file, 1);
    forget();
    pthread_mutex_unlock(&lock);
    if (!failing) return real_fdatasync(file);
    errno = command->error ? command->error : EIO;
    return -1;
}
