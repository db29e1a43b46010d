#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

std::vector<Target>& registered() {
  static std::vector<Target> all;
  return all;
}

}  // namespace

const std::vector<Target>& targets() { return registered(); }

const Target* find_target(std::string_view name) {
  const auto& all = targets();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Target& t) { return t.name == name; });
  return at == all.end() ? nullptr : &*at;
}

Registration::Registration(Target target) {
  auto& all = registered();
  const auto at =
      std::lower_bound(all.begin(), all.end(), target,
                       [](const Target& a, const Target& b) { return a.name < b.name; });
  HR_CHECK(at == all.end() || at->name != target.name);
  all.insert(at, target);
}

}  // namespace hedgerow::fuzz
