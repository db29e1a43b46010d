// A node's home as real cores of a region made it, and the one question asked of a copy of it:
// does it open, and with which content?
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow::faults {

// Relative path -> bytes.
using Files = std::map<std::string, Bytes>;

Files read_files(const std::filesystem::path& home);
// `home` then holds these files and nothing else; 0600 in folders of 0700.
void write_files(const std::filesystem::path& home, const Files& files);

// One agency's home at several moments of a region's life: keys made, records imported, a question
// answered. Copied while the node runs, so with what a power cut would leave in write-ahead logs,
// and, last, after it has ended.
struct History {
  std::vector<Files> moments;  // earliest first; all of the running node
  Files ended;
  Files other;  // another agency's, after it has ended
};
History make_history(std::size_t children);
// As small as such a life can be: a few records, a release, and, after a start that has emptied the
// write-ahead log, two more imports of a row. The last moment but one lies between these.
History make_small_history();
// The same of a node that grants traces, which empties its write-ahead log at each of several
// starts, so that between most moments the database's file changed too.
History make_traced_history();

// A home on the disk that is changed, opened, and put right again, over and over. What was changed
// by whoever opened it is known by its time, so nothing else is written again.
class WornHome {
 public:
  WornHome(std::filesystem::path home, Files files);
  const std::filesystem::path& path() const { return home_; }
  const Files& files() const { return files_; }

  void flip(const std::string& name, std::size_t at, std::uint8_t bits);
  void cut(const std::string& name, std::size_t size);
  void replace(const std::string& name, const Bytes& bytes);
  void remove(const std::string& name);
  void put_right();
  // That it is as it was, byte by byte.
  bool is_right() const { return read_files(home_) == files_; }

 private:
  bool is_whole(const std::string& name) const;

  std::filesystem::path home_;
  Files files_;
};

struct Content {
  ByteArray<32> databases{};  // SHA-256 over every table of both
  std::vector<Bytes> log;     // entries
  friend bool operator==(const Content&, const Content&) = default;
};
// Opens the node as the daemon does and reads everything. The error is that of whoever refused.
Result<Content> content_of(const std::filesystem::path& home);

// The same with configuration and keys as they were read before: what opening does with them does
// not depend on any other file. For a home of which neither hedgerow.toml nor keys/ was changed.
class KeptKeys {
 public:
  struct Impl;
  explicit KeptKeys(const std::filesystem::path& home);  // HR_CHECK: they open
  ~KeptKeys();
  Result<Content> content_of(const std::filesystem::path& home);

 private:
  std::unique_ptr<Impl> impl_;
};

// The lineage is withdrawn, as the daemon's store does it; the home's daemon must have ended.
Result<void> withdraw(const std::filesystem::path& home, const std::string& lineage);

// The home as a later version would leave it, whose schema of the node's database is one further.
Result<void> age_schema(const std::filesystem::path& home);

// Why an outcome is not one of the two allowed: the original content, or a refusal
// (configuration, 78) whose hint says what to do. Empty: it is.
std::string objection(const Result<Content>& outcome, const Content& original);

// What the crash of a transaction leaves behind that was logged and did not happen: `before` it,
// the log as of after it, and one entry more, which says so.
bool is_abandoned(const Content& found, const Content& before, const Content& after);

// A folder of its own, in memory where there is such a place.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace hedgerow::faults
