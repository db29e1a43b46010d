// Runs the fuzz targets over inputs at hand, without libFuzzer.
//
//   fuzz_replay CORPUS                every target over its seeds and CORPUS/<target>/*
//   fuzz_replay --target NAME FILE..  one target over these files
//   fuzz_replay --seeds FOLDER        writes every target's seeds to FOLDER/<target>/
//   fuzz_replay --list                the targets' names
//
// Before an input is run its name is on standard error's line buffer, so that a crash, which ends
// the process, says where. Exit 0: all ran; 65: a folder without target, or a target without any
// input; 66: a file that cannot be read.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "crypto/hash.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {

std::size_t plain_mutation(std::uint8_t*, std::size_t size, std::size_t) { return size; }

namespace {

namespace fs = std::filesystem;

std::string current;  // what runs now, for the last words

void say_where() {
  std::fprintf(stderr, "while running %s\n", current.c_str());
  std::fflush(stderr);
}

bool run_file(const Target& target, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
    return false;
  }
  const Bytes input{std::istreambuf_iterator<char>(in), {}};
  current = file.string();
  std::fprintf(stderr, "%s\n", current.c_str());
  target.run(input);
  return true;
}

int replay(const fs::path& corpus) {
  std::set<std::string> folders;
  for (const auto& entry : fs::directory_iterator(corpus))
    if (entry.is_directory()) folders.insert(entry.path().filename().string());
  std::size_t all = 0;
  for (const Target& target : targets()) {
    const std::string name(target.name);
    std::size_t ran = 0;
    for (const Bytes& seed : target.seeds()) {
      current = name + ", seed " + std::to_string(ran);
      std::fprintf(stderr, "%s\n", current.c_str());
      target.run(seed);
      ++ran;
    }
    if (folders.erase(name) != 0) {
      std::set<fs::path> files;
      for (const auto& file : fs::directory_iterator(corpus / name)) files.insert(file.path());
      for (const fs::path& file : files) {
        if (!run_file(target, file)) return 66;
        ++ran;
      }
    }
    if (ran == 0) {
      std::fprintf(stderr, "%s has neither seed nor corpus\n", name.c_str());
      return 65;
    }
    std::printf("%s: %zu inputs\n", name.c_str(), ran);
    all += ran;
  }
  if (!folders.empty()) {
    std::fprintf(stderr, "%s: a corpus, but no target of that name\n", folders.begin()->c_str());
    return 65;
  }
  std::printf("%zu targets, %zu inputs\n", targets().size(), all);
  return 0;
}

int write_seeds(const fs::path& folder) {
  for (const Target& target : targets()) {
    const fs::path place = folder / target.name;
    fs::create_directories(place);
    for (const Bytes& seed : target.seeds()) {
      const auto hash = sha256(seed);
      std::ofstream out(place / to_hex(ByteView(hash).first(8)), std::ios::binary);
      out.write(reinterpret_cast<const char*>(seed.data()),
                static_cast<std::streamsize>(seed.size()));
    }
  }
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "--list") {
    for (const Target& t : targets()) std::printf("%s\n", std::string(t.name).c_str());
    return 0;
  }
  if (words.size() == 2 && words[0] == "--seeds") return write_seeds(words[1]);
  if (words.size() >= 3 && words[0] == "--target") {
    const Target* target = find_target(words[1]);
    if (target == nullptr) return 64;
    for (std::size_t i = 2; i < words.size(); ++i)
      if (!run_file(*target, words[i])) return 66;
    return 0;
  }
  if (words.size() == 1) return replay(words[0]);
  std::fprintf(stderr,
               "usage: fuzz_replay CORPUS | --target NAME FILE... | --seeds FOLDER | --list\n");
  return 64;
}

}  // namespace
}  // namespace hedgerow::fuzz

int main(int argc, char** argv) {
  std::set_terminate([] {
    hedgerow::fuzz::say_where();
    std::abort();
  });
  return hedgerow::fuzz::run({argv + 1, argv + argc});
}
