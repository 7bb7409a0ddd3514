/*
 * Stands between a program and the C library, for the files below one folder. It writes down what
 * is done to them, with the bytes, so that the disk of any moment can be made again; and it fails
 * what it is told to fail. Loaded with LD_PRELOAD; see disk-library.ts for the environment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, CUT, SYNC, RENAME, UNLINK, MKDIR, RMDIR, LINK, SAID, ESCAPED, NOT_SYNCED };
/* What an order to fail speaks of; with the parts of a store below it. */
enum { WRITES = 1, SYNCS = 2, READS = 4, NAMES = 8 };
enum { IN_FILE = 1, IN_LOG = 2, IN_JOURNAL = 4, ELSEWHERE = 8 };
/* The order, in memory that it shares with whoever gives it. */
enum { KINDS, PARTS, ERROR, PASS, TIMES, SEEN, FAILED, WORDS };

#define MOST 65536
static struct { uint64_t file; int part; } open_files[MOST];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1, keep_syncs, said = -1;
static const char *root;
static size_t root_length;
static int64_t nothing[WORDS], *order = nothing;

#define REAL(name) ({ static __typeof__(&name) f; if (!f) f = (__typeof__(&name))dlsym(RTLD_NEXT, #name); f; })
#define HOLD pthread_mutex_lock(&one_at_a_time)
#define FREE do { int kept_errno = errno; pthread_mutex_unlock(&one_at_a_time); errno = kept_errno; } while (0)

__attribute__((constructor)) static void begin(void) {
  root = getenv("DISK_FOLDER");
  root_length = root ? strlen(root) : 0;
  keep_syncs = getenv("DISK_SYNCS") != NULL;
  const char *to = getenv("DISK_TRACE"), *orders = getenv("DISK_ORDERS");
  if (to) {
    trace = fcntl(REAL(open)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), F_DUPFD_CLOEXEC, 900);
    said = 1;
  }
  if (orders) {
    int file = REAL(open)(orders, O_RDWR | O_CLOEXEC);
    void *shared = mmap(NULL, sizeof nothing, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) abort();
    order = shared;
    REAL(close)(file);
  }
}

static void record(int kind, uint64_t file, uint64_t at, const char *path, size_t path_length,
                   const void *bytes, size_t length) {
  if (trace < 0) return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t head[6] = {kind, file, at, now.tv_sec * 1000u + now.tv_nsec / 1000000u, path_length, length};
  struct iovec parts[3] = {{head, sizeof head}, {(void *)path, path_length}, {(void *)bytes, length}};
  if (syscall(SYS_writev, trace, parts, 3) != (ssize_t)(sizeof head + path_length + length)) abort();
}

/* The path below the folder that is watched; NULL for any other. */
static const char *below(int folder, const char *path, char *whole) {
  if (!root || !path) return NULL;
  if (path[0] != '/') {
    char link[64];
    if (folder == AT_FDCWD) strcpy(link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, whole, PATH_MAX - 1);
    if (length < 0) return NULL;
    snprintf(whole + length, PATH_MAX - length, "/%s", path);
  } else snprintf(whole, PATH_MAX, "%s", path);
  if (strncmp(whole, root, root_length) || (whole[root_length] != '/' && whole[root_length])) return NULL;
  size_t length = strlen(whole);
  while (length > root_length && whole[length - 1] == '/') whole[--length] = 0;
  return whole + root_length;
}

static int part_of(const char *path) {
  size_t length = strlen(path);
  if (strstr(path, "/journal/")) return IN_JOURNAL;
  if (length > 7 && !strcmp(path + length - 7, ".db-wal")) return IN_LOG;
  if (length > 3 && !strcmp(path + length - 3, ".db")) return IN_FILE;
  return ELSEWHERE;
}

/* Whether this is to fail; sets errno then. */
static int fails(int kind, int part) {
  if (!(order[KINDS] & kind) || !(order[PARTS] & part)) return 0;
  order[SEEN]++;
  if (order[PASS] > 0) { order[PASS]--; return 0; }
  if (order[TIMES] == 0) return 0;
  if (order[TIMES] > 0) order[TIMES]--;
  order[FAILED]++;
  errno = (int)order[ERROR];
  return 1;
}

static uint64_t number_of(int fd, const char *path) {
  struct stat found;
  int bad = path ? stat(path, &found) : fstat(fd, &found);
  return bad ? 0 : (uint64_t)found.st_ino;
}
static int is_watched(int fd) { return fd >= 0 && fd < MOST && open_files[fd].file; }
static int part_at(int fd) { return open_files[fd].part; }

static int opened(int folder, const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  HOLD;
  const char *name = below(folder, path, whole);
  int writes = (flags & O_ACCMODE) != O_RDONLY, result = -1;
  if (!name) result = REAL(openat)(folder, path, flags, mode);
  else {
    int is_new = (flags & O_CREAT) && access(whole, F_OK) != 0;
    if (!((is_new || (writes && order[ERROR] == EROFS)) && fails(NAMES, part_of(name))))
      result = REAL(openat)(folder, path, flags, mode);
    if (result >= 0 && result < MOST) {
      uint64_t file = number_of(result, NULL);
      open_files[result].file = file;
      open_files[result].part = part_of(name);
      if (is_new) record(CREATE, file, 0, name, strlen(name), NULL, 0);
      else if (flags & O_TRUNC) record(CUT, file, 0, NULL, 0, NULL, 0);
    }
  }
  if (result >= 0 && result < MOST && !name) open_files[result].file = 0;
  FREE;
  return result;
}
#define MODE va_list rest; va_start(rest, flags); mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; va_end(rest)
int open(const char *path, int flags, ...) { MODE; return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE; return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE; return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE; return opened(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int close(int fd) {
  HOLD;
  if (is_watched(fd)) open_files[fd].file = 0;
  int result = REAL(close)(fd);
  FREE;
  return result;
}

static void wrote(int fd, uint64_t at, const struct iovec *parts, int count, ssize_t done) {
  for (int index = 0; index < count && done > 0; index++) {
    size_t length = parts[index].iov_len < (size_t)done ? parts[index].iov_len : (size_t)done;
    record(WRITE, open_files[fd].file, at, NULL, 0, parts[index].iov_base, length);
    at += length;
    done -= (ssize_t)length;
  }
}
/* One write; at -1 where the file stands. */
static ssize_t written(int fd, const struct iovec *parts, int count, off_t at) {
  ssize_t done = -1;
  HOLD;
  if (!(is_watched(fd) && fails(WRITES, part_at(fd)))) {
    done = at < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, at);
    if (done > 0 && is_watched(fd))
      wrote(fd, (uint64_t)(at < 0 ? lseek(fd, 0, SEEK_CUR) - done : at), parts, count, done);
    else if (done > 0 && fd == said && at < 0) record(SAID, 0, 0, NULL, 0, parts[0].iov_base, (size_t)done);
  }
  FREE;
  return done;
}
#define ONE struct iovec one = {(void *)bytes, length}
ssize_t write(int fd, const void *bytes, size_t length) { ONE; return written(fd, &one, 1, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { ONE; return written(fd, &one, 1, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { ONE; return written(fd, &one, 1, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return written(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return written(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return written(fd, parts, count, at); }

#define READ(call) HOLD; int failed = is_watched(fd) && fails(READS, part_at(fd)); FREE; return failed ? -1 : (call)
ssize_t read(int fd, void *bytes, size_t length) { READ(REAL(read)(fd, bytes, length)); }
ssize_t pread(int fd, void *bytes, size_t length, off_t at) { READ(REAL(pread)(fd, bytes, length, at)); }
ssize_t pread64(int fd, void *bytes, size_t length, off64_t at) { READ(REAL(pread64)(fd, bytes, length, at)); }
ssize_t preadv(int fd, const struct iovec *parts, int count, off_t at) { READ(REAL(preadv)(fd, parts, count, at)); }
ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t at) { READ(REAL(preadv64)(fd, parts, count, at)); }

static int cut(int fd, off_t length) {
  int result = -1;
  HOLD;
  if (!(is_watched(fd) && fails(WRITES, part_at(fd)))) {
    result = REAL(ftruncate)(fd, length);
    if (!result && is_watched(fd)) record(CUT, open_files[fd].file, (uint64_t)length, NULL, 0, NULL, 0);
  }
  FREE;
  return result;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

static int synced(int fd, int (*real)(int)) {
  int result = 0;
  HOLD;
  if (!is_watched(fd)) result = real(fd);
  else if (fails(SYNCS, part_at(fd))) {
    record(NOT_SYNCED, open_files[fd].file, 0, NULL, 0, NULL, 0);
    result = -1;
  } else {
    if (keep_syncs) result = real(fd);
    if (!result) record(SYNC, open_files[fd].file, 0, NULL, 0, NULL, 0);
  }
  FREE;
  return result;
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

/* One change of names: what fails is not done, what was done is written down. */
#define NAMED(folder, path, kind, call)                                                            \
  char whole[PATH_MAX];                                                                            \
  HOLD;                                                                                            \
  const char *name = below(folder, path, whole);                                                   \
  int result = name && fails(NAMES, part_of(name)) ? -1 : (call);                                  \
  if (name && !result) record(kind, kind == MKDIR ? number_of(-1, whole) : 0, 0, name, strlen(name), NULL, 0); \
  FREE;                                                                                            \
  return result
int unlink(const char *path) { NAMED(AT_FDCWD, path, UNLINK, REAL(unlink)(path)); }
int rmdir(const char *path) { NAMED(AT_FDCWD, path, RMDIR, REAL(rmdir)(path)); }
int unlinkat(int folder, const char *path, int flags) {
  NAMED(folder, path, (flags & AT_REMOVEDIR ? RMDIR : UNLINK), REAL(unlinkat)(folder, path, flags));
}
int remove(const char *path) {
  struct stat found;
  return !lstat(path, &found) && S_ISDIR(found.st_mode) ? rmdir(path) : unlink(path);
}
int mkdir(const char *path, mode_t mode) { NAMED(AT_FDCWD, path, MKDIR, REAL(mkdir)(path, mode)); }

static int twice(int kind, const char *from, const char *to, int (*real)(const char *, const char *)) {
  char one[PATH_MAX], other[PATH_MAX], both[2 * PATH_MAX];
  HOLD;
  const char *old = below(AT_FDCWD, from, one), *new = below(AT_FDCWD, to, other);
  int result = (old || new) && fails(NAMES, part_of(new ? new : old)) ? -1 : real(from, to);
  if (!result && old && new) {
    size_t length = (size_t)snprintf(both, sizeof both, "%s%c%s", old, 0, new);
    record(kind, 0, 0, both, length, NULL, 0);
  } else if (!result && (old || new)) record(ESCAPED, 0, 0, "rename", 6, NULL, 0);
  FREE;
  return result;
}
int rename(const char *from, const char *to) { return twice(RENAME, from, to, REAL(rename)); }
int link(const char *from, const char *to) { return twice(LINK, from, to, REAL(link)); }

int access(const char *path, int mode) {
  char whole[PATH_MAX];
  if ((mode & W_OK) && (order[KINDS] & NAMES) && order[ERROR] == EROFS && below(AT_FDCWD, path, whole)) {
    errno = EROFS;
    return -1;
  }
  return REAL(access)(path, mode);
}

/* Ways to write that are not followed: refused where there is another, else written down. */
#define ESCAPE(name) do { HOLD; record(ESCAPED, 0, 0, name, strlen(name), NULL, 0); FREE; } while (0)
int symlink(const char *to, const char *path) {
  char whole[PATH_MAX];
  if (below(AT_FDCWD, path, whole)) ESCAPE("symlink");
  return REAL(symlink)(to, path);
}
int truncate(const char *path, off_t length) {
  char whole[PATH_MAX];
  if (below(AT_FDCWD, path, whole)) ESCAPE("truncate");
  return REAL(truncate)(path, length);
}
ssize_t sendfile(int to, int from, off_t *at, size_t length) {
  if (is_watched(to)) { errno = EINVAL; return -1; }
  return REAL(sendfile)(to, from, at, length);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) { return sendfile(to, from, at, length); }
int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *value = va_arg(rest, void *);
  va_end(rest);
  if (request == 0x40049409 && is_watched(fd)) { errno = EOPNOTSUPP; return -1; } /* FICLONE */
  return REAL(ioctl)(fd, request, value);
}
static void mapped(int rights, int flags, int fd) {
  char link[64], path[PATH_MAX];
  if (!(rights & PROT_WRITE) || !(flags & MAP_SHARED) || !is_watched(fd)) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 4 || strncmp(path + length - 4, "-shm", 4)) ESCAPE("mmap");
}
void *mmap64(void *at, size_t length, int rights, int flags, int fd, off64_t from) {
  mapped(rights, flags, fd);
  return REAL(mmap64)(at, length, rights, flags, fd, from);
}
long syscall(long number, ...) {
  va_list rest;
  long a[6];
  va_start(rest, number);
  for (int index = 0; index < 6; index++) a[index] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_copy_file_range && is_watched((int)a[2])) { errno = ENOSYS; return -1; }
  if (number == SYS_io_uring_setup) { errno = ENOSYS; return -1; }
  return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
