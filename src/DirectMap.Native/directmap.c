#define EXPORT __attribute__((visibility("default")))

EXPORT int directmap_abi(void);

EXPORT int directmap_abi(void) { return 1; }
