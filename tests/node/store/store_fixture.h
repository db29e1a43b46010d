// A lineage database in a folder of its own, and short words for what tests do with it.
#pragma once

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "crypto/random.h"
#include "node/store/lineage_store.h"

namespace hedgerow::store {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const char* name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(static_cast<std::size_t>(std::filesystem::file_size(path)));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  HR_CHECK(file.good());
  return bytes;
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  HR_CHECK(file.good());
}

inline PartyId party(const char* name) { return PartyId::parse(name).value(); }

inline SessionId session_id(std::uint8_t n) {
  SessionId id;
  id.bytes[0] = n;
  return id;
}

inline ByteArray<32> key32(std::uint8_t kind, std::uint8_t n) {
  ByteArray<32> k{};
  k[0] = kind;
  k[1] = n;
  return k;
}

inline UtcTime at_ms(std::int64_t ms) { return from_unix_ms(1'790'000'000'000 + ms); }

class LineageStoreTest : public ::testing::Test {
 protected:
  LineageStoreTest() : rng_(ByteArray<32>{7}), key_(random_database_key(rng_)) {
    store_.emplace(
        LineageStore::create(file(), lineage_, key_, Durability::simulated, rng_).value());
  }

  std::filesystem::path file() const { return folder_ / "lineage.db"; }
  LineageStore& store() { return *store_; }
  void close() { store_.reset(); }
  void reopen() {
    close();
    store_.emplace(LineageStore::open(file(), lineage_, key_, Durability::simulated).value());
  }

  // Runs `work` in a transaction of its own, committed where it succeeds.
  template <class Work>
  auto commit(Work work) -> decltype(work()) {
    Transaction t = Transaction::begin(store().database()).value();
    auto result = work();
    if (result.ok()) HR_CHECK(t.commit().ok());
    return result;
  }

  Folder folder_;
  SeededRandom rng_;
  Lineage lineage_ = Lineage::parse("vale-cse").value();
  SecretBytes key_;
  std::optional<LineageStore> store_;
};

}  // namespace hedgerow::store
