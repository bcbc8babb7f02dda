// The system's LMDB (Debian and Ubuntu: liblmdb-dev), seen from Swift as the module CLMDB.
#pragma once
#include <lmdb.h>
