// A CUDA driver without a device: memory is the host's, copies happen at once, and launches are taken down, not run.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long long word;

static FILE *sheet;
static word live_memory, live_events, live_streams, live_modules, live_graphs;

static void say(const char *what, const char *name, word number) {
  if (!sheet) sheet = fopen(getenv("FAKE_CUDA_LOG"), "a");
  fprintf(sheet, "%s %s %lld\n", what, name, number);
  fflush(sheet);
}

// FAKE_CUDA_FAIL=FUNCTION:CODE:CALLS lets a function fail after so many calls; with a code from 700 on, all functions from then on.
static int fails(const char *function) {
  static int broken, calls;
  char name[64];
  int code, after;
  const char *wanted = getenv("FAKE_CUDA_FAIL");
  if (!wanted || sscanf(wanted, "%63[^:]:%d:%d", name, &code, &after) != 3) return 0;
  if (!strcmp(name, function) && calls++ == after) broken = code >= 700 ? code : 0;
  return !strcmp(name, function) && calls == after + 1 ? code : broken;
}

#define ENTER(f) do { int code = fails(#f); if (code) return code; } while (0)

int cuInit(int flags) { ENTER(cuInit); return 0; }
int cuDriverGetVersion(int *v) { const char *s = getenv("FAKE_CUDA_VERSION"); *v = s ? atoi(s) : 12080; return 0; }
int cuDeviceGet(int *d, int n) { *d = n; return 0; }
int cuDeviceGetCount(int *n) { ENTER(cuDeviceGetCount); *n = 1; return 0; }
int cuDeviceGetName(char *name, int length, int d) { strncpy(name, "Fake GPU", length); return 0; }
int cuDeviceTotalMem_v2(word *b, int d) { *b = 80ll << 30; return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) {
  switch (a) {
    case 1: case 2: case 3: *v = 1024; break;   // threads of a block
    case 4: *v = 64; break;
    case 5: *v = 2147483647; break;             // blocks of a grid
    case 6: case 7: *v = 65535; break;
    case 8: *v = 49152; break;
    case 10: *v = 32; break;
    case 16: *v = 132; break;
    case 75: *v = 9; break;
    case 76: *v = 0; break;
    default: *v = 1; break;
  }
  return 0;
}
int cuCtxCreate_v2(word *c, int flags, int d) { ENTER(cuCtxCreate); *c = 77; say("create", "context", 0); return 0; }
int cuCtxDestroy_v2(word c) { say("destroy", "context", live_memory + live_events + live_streams + live_modules + live_graphs); return 0; }
int cuCtxSetCurrent(word c) { ENTER(cuCtxSetCurrent); return 0; }
int cuCtxSynchronize(void) { return 0; }
int cuCtxGetCacheConfig(int *c) { *c = 0; return 0; }
int cuCtxSetCacheConfig(int c) { return 0; }
int cuCtxGetSharedMemConfig(int *c) { *c = 0; return 0; }
int cuCtxSetSharedMemConfig(int c) { return 0; }
int cuMemGetInfo_v2(word *f, word *t) { *f = 1 << 20; *t = 80ll << 30; return 0; }
int cuMemAlloc_v2(word *p, word n) { ENTER(cuMemAlloc); *p = (word)calloc(1, n); live_memory++; return 0; }
int cuMemFree_v2(word p) { free((void *)p); live_memory--; return 0; }
int cuMemHostRegister_v2(word p, word n, int f) { return 0; }
int cuMemHostUnregister(word p) { return 0; }
int cuMemHostGetDevicePointer_v2(word *d, word p, int f) { *d = p; return 0; }
int cuMemcpyAsync(word to, word from, word n, word s) { ENTER(cuMemcpyAsync); memcpy((void *)to, (void *)from, n); return 0; }
int cuMemsetD8Async(word to, unsigned char v, word n, word s) { memset((void *)to, v, n); return 0; }
int cuStreamCreate(word *s, int f) { *s = 100 + ++live_streams; return 0; }
int cuStreamDestroy_v2(word s) { live_streams--; return 0; }
int cuStreamSynchronize(word s) { ENTER(cuStreamSynchronize); return 0; }
int cuGetErrorString(int e, const char **s) { *s = e == 700 ? "an illegal memory access was encountered" : "an error"; return 0; }
int cuModuleLoadDataEx(word *m, const char *text, int n, word o, word v) {
  ENTER(cuModuleLoadDataEx);
  *m = (word)strdup(text);
  live_modules++;
  return 0;
}
int cuModuleUnload(word m) { live_modules--; return 0; }
int cuModuleGetFunction(word *f, word m, const char *name) {
  char entry[128];
  snprintf(entry, sizeof entry, ".visible .entry %s(", name);
  if (!strstr((char *)m, entry)) return 500;
  *f = (word)strdup(name);
  return 0;
}
int cuLaunchKernel(word f, int x, int y, int z, int a, int b, int c, int shared, word s, word args, word extra) {
  ENTER(cuLaunchKernel);
  say("launch", (char *)f, s);
  return x > 0 && y > 0 && z > 0 && a > 0 && b == 1 && c == 1 && !args && extra ? 0 : 1;
}
int cuEventCreate(word *e, int f) { *e = 1000 + ++live_events; return 0; }
int cuEventDestroy_v2(word e) { live_events--; return 0; }
int cuEventQuery(word e) { return 0; }
int cuEventRecord(word e, word s) { ENTER(cuEventRecord); return 0; }
int cuEventSynchronize(word e) { ENTER(cuEventSynchronize); return 0; }
int cuStreamBeginCapture_v2(word s, int mode) { say("capture", "begin", s); return 0; }
int cuStreamEndCapture(word s, word *g) { say("capture", "end", s); *g = 5; live_graphs++; return 0; }
int cuGraphInstantiateWithFlags(word *e, word g, unsigned long long f) { *e = 6; live_graphs++; return 0; }
int cuGraphLaunch(word e, word s) { ENTER(cuGraphLaunch); say("graph", "launch", s); return 0; }
int cuGraphExecDestroy(word e) { live_graphs--; return 0; }
int cuGraphDestroy(word g) { live_graphs--; return 0; }
