// A node's home as real cores of a region made it, and the one question asked of a copy of it:
// does it open, and with which content?
#pragma once

#include <filesystem>
#include <map>
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

// Opens the node as the daemon does and reads everything: SHA-256 over every table of both
// databases and every entry of the log. The error is that of whoever refused.
Result<ByteArray<32>> content_of(const std::filesystem::path& home);

// The lineage is withdrawn, as the daemon's store does it; the home's daemon must have ended.
Result<void> withdraw(const std::filesystem::path& home, const std::string& lineage);

// The home as a later version would leave it, whose schema of the node's database is one further.
Result<void> age_schema(const std::filesystem::path& home);

// Why an outcome is not one of the two allowed: the original content, or a refusal
// (configuration, 78) whose hint says what to do. Empty: it is.
std::string objection(const Result<ByteArray<32>>& outcome, const ByteArray<32>& original);

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
