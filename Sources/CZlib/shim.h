// The system's zlib (Debian and Ubuntu: zlib1g-dev), seen from Swift as the module CZlib.
#pragma once
#include <zlib.h>
