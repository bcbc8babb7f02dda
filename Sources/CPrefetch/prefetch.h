// Swift has no intrinsic for it: asks for the cache line at an address, which may be any number at all, and goes on.
#pragma once
#include <stdint.h>

__attribute__((always_inline)) static inline void prefetch_line(uintptr_t address) {
    __builtin_prefetch((const void *)address, 1);
}
