// What a hand on the files of a node can do (measure 3): every byte flipped, every prefix cut, an
// older copy of each file, and of files together, put back. In each case the node must refuse, or
// open with the content it had. One thing no node can see by itself, and others can
// (docs/design/audit-log.md): database, log and confirmed state, all of one older moment.
//
//   tamper_sweep [--step N] [--part I/N] [--seed S]   exits 1 where a case is neither
//
// --step N: every Nth byte and prefix of the databases and their logs, from a place that the seed
// chooses (default 1: all). Small files are swept whole in any case.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "tests/faults/home.h"

namespace hedgerow::faults {
namespace {

constexpr std::size_t kSmall = 600;  // bytes; keys and configuration

struct Sweep {
  std::size_t step = 1;
  std::size_t part = 0, parts = 1;
  std::uint64_t seed = 1;

  Scratch scratch;
  ByteArray<32> original{};
  std::uint64_t turn = 0;
  struct Count {
    std::uint64_t cases = 0, refused = 0, identical = 0, old_whole = 0, wrong = 0;
  };
  std::map<std::string, Count> counts;  // by kind of case
  std::uint64_t shown = 0;

  // `old_whole`: the content of an older moment, where all of it was put back.
  void check(const std::string& kind, const std::string& what, const Files& files,
             const std::optional<ByteArray<32>>& old_whole = {}) {
    if (turn++ % parts != part) return;
    const auto home = scratch.path() / "home";
    write_files(home, files);
    const auto outcome = content_of(home);
    const std::string objects = objection(outcome, original);
    Count& c = counts[kind];
    ++c.cases;
    if (old_whole && outcome.ok() && *outcome == *old_whole) {
      ++c.old_whole;
      return;
    }
    if (!objects.empty())
      ++c.wrong;
    else
      ++(outcome.ok() ? c.identical : c.refused);
    if (!objects.empty() && ++shown <= 200) std::cerr << what << ": " << objects << '\n';
  }

  std::size_t first_of(std::string_view name, std::size_t every) const {
    Writer w;
    w.text(name).u64(seed);
    const auto hash = sha256(w.data());
    return (hash[0] + 256U * hash[1] + 65536U * hash[2]) % every;
  }

  void flips(const std::string& name, Files files) {
    Bytes& bytes = files.at(name);
    const std::size_t every = bytes.size() <= kSmall ? std::min<std::size_t>(step, 8) : step;
    for (std::size_t i = first_of(name, every); i < bytes.size(); i += every) {
      // Each bit in turn, over the bytes.
      const auto bit = static_cast<std::uint8_t>(1U << ((i / every) % 8));
      bytes[i] ^= bit;
      check("flip " + kind_of(name), name + " byte " + std::to_string(i), files);
      bytes[i] ^= bit;
    }
  }

  void prefixes(const std::string& name, const Files& files) {
    const Bytes& whole = files.at(name);
    const std::size_t every = whole.size() <= kSmall ? std::min<std::size_t>(step, 8) : step;
    Files cut = files;
    const auto at = [&](std::size_t size) {
      cut[name] = Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      check("prefix " + kind_of(name), name + " cut to " + std::to_string(size), cut);
    };
    for (std::size_t i = first_of(name, every); i < whole.size(); i += every) at(i);
    // Whole pages, and whole frames of a write-ahead log: what is valid as far as it goes.
    if (every > 1) {
      at(0);
      for (std::size_t i = 4096; i < whole.size(); i += 4096) at(i);
      for (std::size_t i = 32; name.ends_with("-wal") && i < whole.size(); i += 4096 + 24) at(i);
    }
    Files without = files;
    without.erase(name);
    check("without " + kind_of(name), "without " + name, without);
  }

  static std::string kind_of(const std::string& name) {
    const auto slash = name.rfind('/');
    std::string file = slash == std::string::npos ? name : name.substr(slash + 1);
    return file;
  }

  // Every set of files of an older moment put back into the newest.
  void old_copies(const Files& newest, const Files& older, const std::string& when) {
    std::vector<std::string> changed;
    for (const auto& [name, bytes] : newest) {
      const auto before = older.find(name);
      if (before == older.end() || before->second != bytes) changed.push_back(name);
    }
    HR_CHECK(changed.size() < 12);
    const auto home = scratch.path() / "home";
    write_files(home, older);
    const auto found = content_of(home);
    HR_CHECK(found.ok());
    for (std::size_t set = 1; set + 1 < (std::size_t{1} << changed.size()); ++set) {
      Files files = newest;
      std::string what;
      std::size_t anchors = 0;
      for (std::size_t i = 0; i < changed.size(); ++i) {
        if ((set >> i & 1U) == 0) continue;
        anchors += changed[i].starts_with("state/log/") || changed[i].ends_with("cse.db-wal");
        what += (what.empty() ? "" : ", ") + changed[i];
        const auto before = older.find(changed[i]);
        if (before == older.end())
          files.erase(changed[i]);
        else
          files[changed[i]] = before->second;
      }
      check("old copies of " + when, when + ": " + what, files,
            anchors == 3 ? std::optional(*found) : std::nullopt);
    }
  }

  bool run() {
    const History history = make_history(40);
    const Files& newest = history.moments.back();
    const auto home = scratch.path() / "home";
    write_files(home, newest);
    const auto found = content_of(home);
    HR_CHECK(found.ok());
    original = *found;
    std::size_t size = 0;
    for (const auto& [name, bytes] : newest) {
      std::cout << name << ' ' << bytes.size() << '\n';
      size += bytes.size();
    }
    std::cout << newest.size() << " files, " << size << " bytes\n";
    for (const auto& [name, bytes] : newest) {
      flips(name, newest);
      prefixes(name, newest);
    }
    old_copies(newest, history.moments[1], "after the import");
    old_copies(newest, history.moments[0], "before the import");
    std::uint64_t wrong = 0, all = 0;
    for (const auto& [kind, c] : counts) {
      std::cout << kind << ": " << c.cases << " cases, " << c.refused << " refused, " << c.identical
                << " identical, " << c.wrong << " wrong"
                << (c.old_whole == 0 ? "" : ", " + std::to_string(c.old_whole) + " an old whole")
                << '\n';
      wrong += c.wrong;
      all += c.cases;
    }
    std::cout << all << " cases, " << wrong << " wrong\n";
    return wrong == 0;
  }
};

int usage() {
  std::cerr << "usage: tamper_sweep [--step N] [--part I/N] [--seed S]\n";
  return 64;
}

}  // namespace
}  // namespace hedgerow::faults

int main(int argc, char** argv) {
  using namespace hedgerow::faults;
  Sweep sweep;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string word = argv[i], value = argv[i + 1];
    const auto slash = value.find('/');
    if (word == "--step") sweep.step = std::strtoul(value.c_str(), nullptr, 10);
    if (word == "--seed") sweep.seed = std::strtoul(value.c_str(), nullptr, 10);
    if (word == "--part" && slash != std::string::npos) {
      sweep.part = std::strtoul(value.substr(0, slash).c_str(), nullptr, 10);
      sweep.parts = std::strtoul(value.substr(slash + 1).c_str(), nullptr, 10);
    }
  }
  if (argc % 2 == 0 || sweep.step == 0 || sweep.part >= sweep.parts) return usage();
  return sweep.run() ? 0 : 1;
}
