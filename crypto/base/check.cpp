#include "crypto/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hedgerow {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "hedgerow: a fault in the program itself: %s:%d: %s\n", file, line,
               condition);
  std::abort();
}

}  // namespace hedgerow
