// A folder of its own for each test, and a few acts on files.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/base/result.h"
#include "crypto/certificate.h"
#include "crypto/random.h"

namespace hedgerow::keys {

namespace fs = std::filesystem;

class InFolder : public ::testing::Test {
 protected:
  InFolder() {
    std::string name = (fs::temp_directory_path() / "hedgerow-keys-XXXXXX").string();
    HR_CHECK(::mkdtemp(name.data()) != nullptr);
    dir = name;
  }
  ~InFolder() override {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }

  fs::path write(const fs::path& name, std::string_view text, mode_t mode = 0600) {
    const fs::path file = dir / name;
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static unsigned mode(const fs::path& file) {
    struct stat st {};
    EXPECT_EQ(::stat(file.c_str(), &st), 0) << file;
    return st.st_mode & 07777U;
  }
  static void set_mode(const fs::path& file, mode_t mode) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
  }
  // Writes over a file whatever its mode, and gives it back its mode.
  static void overwrite(const fs::path& file, std::string_view text) {
    const unsigned before = mode(file);
    set_mode(file, 0600);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    set_mode(file, before);
  }

  static SecretBytes words(std::string_view text) { return SecretBytes::copy_from(as_bytes(text)); }
  static PartyId party(std::string_view name) { return PartyId::parse(name).value(); }

  fs::path dir;
  SeededRandom rng{ByteArray<32>{3}};
};

inline const UtcTime kNow = std::chrono::sys_days{std::chrono::year{2026} / 10 / 1};
inline const Validity kValid{kNow - std::chrono::days(1), kNow + std::chrono::days(89)};

#define EXPECT_ERROR(expression, expected_code, words_in_text)              \
  do {                                                                      \
    const auto& result_ = (expression);                                     \
    ASSERT_FALSE(result_.ok());                                             \
    EXPECT_EQ(result_.error().code, expected_code) << result_.error().text; \
    EXPECT_NE(result_.error().text.find(words_in_text), std::string::npos)  \
        << result_.error().text;                                            \
  } while (false)

}  // namespace hedgerow::keys
