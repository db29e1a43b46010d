// Included before everything else where the roles are built for switched_off.py: the check that the
// environment names is off.
#pragma once

#include <cstdlib>
#include <string_view>

namespace hedgerow::protocol::link {

inline bool is_on(std::string_view check) {
  const char* off = std::getenv("HEDGEROW_LINK_CHECK_OFF");
  return off == nullptr || check != off;
}

}  // namespace hedgerow::protocol::link

#define HEDGEROW_LINK_CHECK(name) (::hedgerow::protocol::link::is_on(#name))
