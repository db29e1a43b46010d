// Every message type that Hedgerow sends, in one list. The number is on the wire, the name is
// in the signature's domain tag "hedgerow/v1/<name>\n" (cryptography.md, first paragraph).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hedgerow::protocol {

enum class MessageType : std::uint8_t {
  ack = 1,  // the receiver has committed everything up to a sequence number

  // In place of a message that expired before it was delivered, under the same sequence number.
  skip = 3,

  // How a region starts.
  installed = 2,
  dkg_start = 10,
  dkg_round1 = 11,
  dkg_round2 = 12,
  dkg_signature = 13,
  dkg_certificate = 14,
  dkg_abort = 15,
  key_ready = 16,

  // Pseudonyms (cryptography.md A).
  evaluate_request = 20,
  evaluate_response = 21,
  evaluate_refusal = 22,
  evaluate_check = 23,
  evaluate_checked = 24,
  evaluate_prove = 25,

  // Questions.
  question = 30,         // an analyst's statement
  countersigned = 31,    // the home node's statement around it: valid now
  ask = 32,              // home node to hub
  question_status = 33,  // hub to home node: refused, or waiting for whom
  answer = 34,           // hub's statement
  answer_hash = 35,      // hub to every contributor, before the answer goes out
  receipt = 36,          // contributor to hub: logged, with proof
  answer_delivery = 37,  // hub to home node: answer and receipts
  served = 38,           // hub to contributors: an answer served again from a release

  // The sum (cryptography.md C).
  sum_manifest = 40,
  sum_start = 41,
  sum_advert = 42,
  sum_roster = 43,
  sum_roster_signature = 44,
  sum_roster_signatures = 45,
  sum_masked_input = 46,
  sum_masked_hash = 47,
  sum_masked_hashes = 48,
  sum_opening = 49,
  sum_refusal = 50,
  sum_void = 51,
  sum_standing = 52,    // contributor to hub, before the manifest: takes part or not
  sum_standings = 53,   // hub to contributors: everybody's
  sum_match_rate = 54,  // contributor's statement, with its opening

  // The link (cryptography.md B).
  link_call = 70,                // hub to mixers: the plan
  link_key = 71,                 // mixer to hub: its keys for this attempt
  link_manifest = 72,            // hub's statement, to mixers
  link_manifest_signature = 73,  // mixer's statement
  link_begin = 74,               // hub to contributors: manifest and every signature
  link_list = 75,                // contributor's statement: hash of its blinded list
  link_blinded = 76,             // contributor to mixer: a part of the list
  link_evaluated = 77,           // mixer to contributor: the same part, evaluated
  link_list_seen = 78,           // mixer to hub: the contributor's statement
  link_check = 79,               // contributor to mixer: one element more
  link_checked = 80,             // mixer to contributor: evaluated, with proof
  link_prove = 81,               // contributor to mixer, where the check fails
  link_proof = 82,               // mixer to contributor: proof of the whole list
  link_entries = 83,             // contributor's statement: hash of its onions
  link_onions = 84,              // contributor to the first mixer: a part
  link_entries_seen = 85,        // first mixer to hub: the contributor's statement
  link_batch = 86,               // mixer to the next, or to the hub: a part
  link_counts = 87,              // mixer's statement: numbers and hashes, in and out
  link_cascade = 88,             // hub to contributors: every statement of the cascade
  link_hashes = 89,              // hub to contributors: a part of what reached it, as hashes
  link_confirmation = 90,        // contributor's statement: all of its own are there
  link_refusal = 91,             // anybody's statement
  link_void = 92,                // hub to all
  link_confirmations = 93,       // hub to contributors: everybody's

  // The trace (cryptography.md D; docs/design/trace.md).
  trace_header_get = 100,  // requester to responder: the newest directory's header
  trace_header = 101,      // responder's statement
  trace_chunk_get = 102,   // requester to responder: a part of a directory
  trace_chunk = 103,
  trace_request = 104,   // a practitioner's statement
  trace_approval = 105,  // an approver's statement
  trace_ask = 106,       // requester to responder: both, and the one point for it
  trace_notice = 107,    // requester to everybody else: both
  trace_answer = 108,    // responder's statement
  trace_refusal = 109,   // responder's statement
  trace_collect = 110,   // the practitioner's statement to the own node: show me the result

  // Who still counts (docs/design/identities.md).
  renewed = 60,      // a party's new node certificate, under its old node key
  revocations = 61,  // a party's list of revoked certificates, signed by its root
};

// The name in the domain tag, e.g. "evaluate-request".
std::string_view name_of(MessageType type);
// Empty for a number that no message has.
std::optional<MessageType> message_type_from(std::uint8_t number);

constexpr bool is_of_the_link(MessageType type) {
  return type >= MessageType::link_call && type <= MessageType::link_confirmations;
}

}  // namespace hedgerow::protocol
