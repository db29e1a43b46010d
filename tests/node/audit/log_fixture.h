// A log in a folder of its own, and what tests do with it and to it.
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "crypto/random.h"
#include "node/audit/log.h"

namespace hedgerow::audit {

inline Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  HR_CHECK(file.good());
}

inline SigningKey key_number(std::uint8_t n) {
  SigningSeed seed;
  seed.writable()[0] = n;
  return SigningKey(seed);
}

inline UtcTime at_ms(std::int64_t ms) { return from_unix_ms(1'790'000'000'000 + ms); }

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    log_.emplace(Log::create(directory(), "hedgerow/vale-council", key_, Durability::full).value());
  }
  ~LogTest() override {
    log_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::filesystem::path directory() const { return folder_ / "log"; }
  std::filesystem::path entries() const { return directory() / "entries"; }
  std::filesystem::path confirmed() const { return directory() / "confirmed"; }

  Log& log() { return *log_; }
  void close() { log_.reset(); }
  Result<Log> open() {
    return Log::open(directory(), "hedgerow/vale-council", key_, Durability::full);
  }
  void reopen() {
    close();
    log_.emplace(open().value());
  }

  Entry entry(const char* kind, std::string database = {}, std::uint64_t generation = 0) {
    Entry e = make_entry(kind, at_ms(++time_), rng_);
    e.database = std::move(database);
    e.generation = generation;
    e.add("clause", "movements");
    return e;
  }
  Appended append(const Entry& e) { return log().append(std::vector<Entry>{e}).value(); }
  // As an exchange does: log, commit (elsewhere), confirm.
  void exchange(const char* database, std::uint64_t generation) {
    append(entry("question", database, generation));
    ASSERT_TRUE(log().confirm(database, generation).ok());
  }

  std::filesystem::path folder_;
  SeededRandom rng_{ByteArray<32>{4}};
  SigningKey key_ = key_number(1);
  std::int64_t time_ = 0;
  std::optional<Log> log_;
};

}  // namespace hedgerow::audit
