#include "crypto/trace_record.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/domains.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace hedgerow {
namespace {

class TraceRecords : public testing::Test {
 protected:
  Element point(std::string_view responder = "vale-police", std::int32_t day = 20'779,
                std::string_view lineage = "vale-cse") {
    return trace_point(Lineage::parse(lineage).value(), PartyId::parse(responder).value(), day,
                       child_);
  }

  SeededRandom rng_{ByteArray<32>{51}};
  Pseudonym child_{*multiply_base(random_scalar(rng_))};
  SecretScalar d_ = random_scalar(rng_);
};

// The design's formula, by hand: no Writer, no helper of the product but MAP and SHA-512.
TEST_F(TraceRecords, PointAndKeysAreTheDesigns) {
  Bytes message = {8,   0,   0,   0,   'v', 'a', 'l', 'e', '-', 'c', 's', 'e',  11,   0,    0,   0,
                   'v', 'a', 'l', 'e', '-', 'p', 'o', 'l', 'i', 'c', 'e', 0x2b, 0x51, 0x00, 0x00};
  message.insert(message.end(), child_.expose().begin(), child_.expose().end());
  const Element t = map_to_group(message, as_bytes("hedgerow/v1/map/trace"));
  EXPECT_EQ(point(), t);

  const Element evaluated = *multiply(d_, t);
  Bytes input = {24, 0, 0, 0};
  const std::string_view label = "hedgerow/v1/trace-record";
  input.insert(input.end(), label.begin(), label.end());
  for (const Element& e : {t, evaluated}) {
    const Bytes size = {32, 0, 0, 0};
    input.insert(input.end(), size.begin(), size.end());
    input.insert(input.end(), e.bytes().begin(), e.bytes().end());
  }
  const auto hash = sha512(input);
  const TraceKeys keys = trace_keys(t, evaluated);
  EXPECT_TRUE(std::equal(keys.tag.begin(), keys.tag.end(), hash.begin()));
  const auto key = keys.key.expose();
  EXPECT_TRUE(std::equal(key.begin(), key.end(), hash.begin() + 16));
}

TEST_F(TraceRecords, ADayAResponderOrALineageMoreIsAnotherPoint) {
  const std::set<Element> points = {point(), point("vale-police", 20'780), point("vale-health"),
                                    point("vale-police", 20'779, "vale-other")};
  EXPECT_EQ(points.size(), 4U);
}

TEST_F(TraceRecords, OpensWithItsKeyAndNoOther) {
  const Element t = point();
  const TraceKeys keys = trace_keys(t, *multiply(d_, t));
  const TraceRecord record = seal_trace_record(keys, "MASH 01632 960000; Mon-Fri 9-17");
  EXPECT_TRUE(std::equal(keys.tag.begin(), keys.tag.end(), record.begin()));
  const auto contact = open_trace_record(keys.key, record);
  ASSERT_TRUE(contact.ok());
  EXPECT_EQ(*contact, "MASH 01632 960000; Mon-Fri 9-17");
  const TraceKeys other = trace_keys(t, *multiply(random_scalar(rng_), t));
  EXPECT_FALSE(open_trace_record(other.key, record).ok());
  for (std::size_t i = kTraceTagSize; i < record.size(); ++i) {
    TraceRecord bad = record;
    bad[i] ^= 1U;
    EXPECT_FALSE(open_trace_record(keys.key, bad).ok()) << i;
  }
  EXPECT_FALSE(open_trace_record(keys.key, ByteView(record).first(255)).ok());
}

TEST_F(TraceRecords, EveryContactGivesARecordOfOneSize) {
  const Element t = point();
  const TraceKeys keys = trace_keys(t, *multiply(d_, t));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMaxTraceContact}) {
    const std::string contact(size, 'x');
    const auto opened = open_trace_record(keys.key, seal_trace_record(keys, contact));
    ASSERT_TRUE(opened.ok()) << size;
    EXPECT_EQ(*opened, contact);
  }
}

TEST_F(TraceRecords, WhatIsSealedMustBeAContactWithPaddingOfZeros) {
  const Element t = point();
  const TraceKeys keys = trace_keys(t, *multiply(d_, t));
  const auto record_of = [&](Bytes plaintext) {
    plaintext.resize(224);
    Bytes record = to_bytes(keys.tag);
    const Bytes sealed = aead_encrypt_once(keys.key, plaintext);
    record.insert(record.end(), sealed.begin(), sealed.end());
    return record;
  };
  EXPECT_TRUE(open_trace_record(keys.key, record_of({2, 0, 'o', 'k'})).ok());
  EXPECT_FALSE(open_trace_record(keys.key, record_of({2, 0, 'o', 'k', 1})).ok());
  EXPECT_FALSE(open_trace_record(keys.key, record_of({3, 0, 'a', 27, 'b'})).ok()) << "an escape";
  EXPECT_FALSE(open_trace_record(keys.key, record_of({3, 0, 'a', '\n', 'b'})).ok()) << "a line end";
  EXPECT_FALSE(open_trace_record(keys.key, record_of({223, 0})).ok());
  EXPECT_FALSE(open_trace_record(keys.key, record_of({0, 1})).ok());
}

}  // namespace
}  // namespace hedgerow
