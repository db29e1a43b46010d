// libFuzzer's side: the program runs the target after which it is called (bin/fuzz/<target>, a
// link to hedgerow_fuzz), so that all targets are linked once.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/fuzz/target.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace hedgerow::fuzz {
namespace {
const Target* chosen_target = nullptr;
}  // namespace

std::size_t plain_mutation(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  return LLVMFuzzerMutate(data, size, max_size);
}

}  // namespace hedgerow::fuzz

using namespace hedgerow::fuzz;

extern "C" int LLVMFuzzerInitialize(int*, char*** argv) {
  const std::string name = std::filesystem::path((*argv)[0]).filename().string();
  chosen_target = find_target(name);
  if (chosen_target == nullptr) {
    std::fprintf(stderr, "%s is no target; link this program to the name of one:\n", name.c_str());
    for (const Target& t : targets())
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(t.name.size()), t.name.data());
    std::exit(64);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen_target->run({data, size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  if (chosen_target->mutate == nullptr) return LLVMFuzzerMutate(data, size, max_size);
  return chosen_target->mutate(data, size, max_size, seed);
}
