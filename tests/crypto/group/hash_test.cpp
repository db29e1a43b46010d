#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "tests/crypto/group/vectors.h"

namespace hedgerow {
namespace {

std::string sha256_hex(std::string_view m) { return to_hex(sha256(as_bytes(m))); }
std::string sha512_hex(std::string_view m) { return to_hex(sha512(as_bytes(m))); }

// FIPS 180-4 examples.
TEST(Hash, GivesTheStandardsExamples) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha512_hex("abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hash, OfPartsIsTheHashOfTheWhole) {
  const Bytes whole = to_bytes("the quick brown fox");
  EXPECT_EQ(Sha512().update(as_bytes("the quick ")).update(as_bytes("brown fox")).finish(),
            sha512(whole));
  EXPECT_EQ(Sha256Stream().update(as_bytes("the quick ")).update(as_bytes("brown fox")).finish(),
            sha256(whole));
  EXPECT_EQ(sha256_id(whole).bytes, sha256(whole));
  EXPECT_EQ(agreement_hash(whole).bytes, sha256(whole));
}

// RFC 4231 test cases 2 and 6 (a key longer than a block).
TEST(Hash, HmacGivesTheVectorsOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha512(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  EXPECT_EQ(to_hex(hmac_sha512(Bytes(131, 0xaa),
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
            "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

TEST(Hash, KeyedHashIsTheHmacOfDomainAndMessage) {
  const auto key = Secret<struct TestTag, 32>::copy_from(ByteArray<32>{1, 2, 3});
  const Bytes input = Writer().text("hedgerow/v1/child-ref").raw(as_bytes("C-1")).data();
  const ByteArray<64> full = hmac_sha512(key.expose(), input);
  const ByteArray<32> got = keyed_hash(key, "hedgerow/v1/child-ref", as_bytes("C-1"));
  EXPECT_EQ(to_hex(got), to_hex(ByteView(full).first(32)));
  EXPECT_NE(got, keyed_hash(key, "hedgerow/v1/source-ref", as_bytes("C-1")));
  // The domain's length is hashed too: no byte can move between domain and message.
  EXPECT_NE(keyed_hash(key, "ab", as_bytes("c")), keyed_hash(key, "a", as_bytes("bc")));
}

TEST(ExpandMessage, GivesTheVectorsOfRfc9380) {
  const auto file = load_vectors("rfc9380/expand_message_xmd_SHA512_38.json");
  const Bytes dst = to_bytes(file.at("DST").get<std::string>());
  std::size_t count = 0;
  for (const auto& v : file.at("tests")) {
    const Bytes message = to_bytes(v.at("msg").get<std::string>());
    const std::size_t length = std::stoul(v.at("len_in_bytes").get<std::string>(), nullptr, 16);
    EXPECT_EQ(to_hex(expand_message_xmd_sha512(message, dst, length)),
              v.at("uniform_bytes").get<std::string>());
    ++count;
  }
  EXPECT_EQ(count, 10u);
}

// RFC 9380 section 5.3.3: a long dst is replaced by the hash of a prefix and itself.
TEST(ExpandMessage, HashesADstAbove255Bytes) {
  const Bytes long_dst(256, 'x');
  const ByteArray<64> replaced =
      sha512(to_bytes("H2C-OVERSIZE-DST-" + std::string(long_dst.begin(), long_dst.end())));
  EXPECT_EQ(expand_message_xmd_sha512(as_bytes("m"), long_dst, 64),
            expand_message_xmd_sha512(as_bytes("m"), replaced, 64));
  const Bytes longest_short(255, 'x');
  EXPECT_NE(expand_message_xmd_sha512(as_bytes("m"), longest_short, 64),
            expand_message_xmd_sha512(as_bytes("m"), sha512(longest_short), 64));
}

TEST(ExpandMessage, GivesEveryLengthUpToTheLargest) {
  for (const std::size_t n :
       {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{65}, std::size_t{255 * 64}})
    EXPECT_EQ(expand_message_xmd_sha512(as_bytes("m"), as_bytes("d"), n).size(), n);
  EXPECT_DEATH(expand_message_xmd_sha512(as_bytes("m"), as_bytes("d"), 255 * 64 + 1), "hash.cpp");
  EXPECT_DEATH(expand_message_xmd_sha512(as_bytes("m"), {}, 1), "hash.cpp");
}

TEST(Hash, MayBeFinishedOnce) {
  Sha512 h;
  h.finish();
  EXPECT_DEATH(h.finish(), "finished");
  EXPECT_DEATH(h.update(as_bytes("x")), "finished");
}

}  // namespace
}  // namespace hedgerow
