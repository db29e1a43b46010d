#include "protocol/message.h"

namespace hedgerow::protocol {

std::string_view name_of(MessageType type) {
  switch (type) {
    case MessageType::ack:
      return "ack";
    case MessageType::skip:
      return "skip";
    case MessageType::installed:
      return "installed";
    case MessageType::dkg_start:
      return "dkg-start";
    case MessageType::dkg_round1:
      return "dkg-round1";
    case MessageType::dkg_round2:
      return "dkg-round2";
    case MessageType::dkg_signature:
      return "dkg-signature";
    case MessageType::dkg_certificate:
      return "dkg-certificate";
    case MessageType::dkg_abort:
      return "dkg-abort";
    case MessageType::key_ready:
      return "key-ready";
    case MessageType::evaluate_request:
      return "evaluate-request";
    case MessageType::evaluate_response:
      return "evaluate-response";
    case MessageType::evaluate_refusal:
      return "evaluate-refusal";
    case MessageType::evaluate_check:
      return "evaluate-check";
    case MessageType::evaluate_checked:
      return "evaluate-checked";
    case MessageType::evaluate_prove:
      return "evaluate-prove";
    case MessageType::question:
      return "question";
    case MessageType::countersigned:
      return "countersigned";
    case MessageType::ask:
      return "ask";
    case MessageType::question_status:
      return "question-status";
    case MessageType::answer:
      return "answer";
    case MessageType::answer_hash:
      return "answer-hash";
    case MessageType::receipt:
      return "receipt";
    case MessageType::answer_delivery:
      return "answer-delivery";
    case MessageType::served:
      return "served";
    case MessageType::sum_manifest:
      return "sum-manifest";
    case MessageType::sum_start:
      return "sum-start";
    case MessageType::sum_advert:
      return "sum-advert";
    case MessageType::sum_roster:
      return "sum-roster";
    case MessageType::sum_roster_signature:
      return "sum-roster-signature";
    case MessageType::sum_roster_signatures:
      return "sum-roster-signatures";
    case MessageType::sum_masked_input:
      return "sum-masked-input";
    case MessageType::sum_masked_hash:
      return "sum-masked-hash";
    case MessageType::sum_masked_hashes:
      return "sum-masked-hashes";
    case MessageType::sum_opening:
      return "sum-opening";
    case MessageType::sum_refusal:
      return "sum-refusal";
    case MessageType::sum_void:
      return "sum-void";
    case MessageType::sum_standing:
      return "sum-standing";
    case MessageType::sum_standings:
      return "sum-standings";
    case MessageType::sum_match_rate:
      return "sum-match-rate";
    case MessageType::link_call:
      return "link-call";
    case MessageType::link_key:
      return "link-key";
    case MessageType::link_manifest:
      return "link-manifest";
    case MessageType::link_manifest_signature:
      return "link-manifest-signature";
    case MessageType::link_begin:
      return "link-begin";
    case MessageType::link_list:
      return "link-list";
    case MessageType::link_blinded:
      return "link-blinded";
    case MessageType::link_evaluated:
      return "link-evaluated";
    case MessageType::link_list_seen:
      return "link-list-seen";
    case MessageType::link_check:
      return "link-check";
    case MessageType::link_checked:
      return "link-checked";
    case MessageType::link_prove:
      return "link-prove";
    case MessageType::link_proof:
      return "link-proof";
    case MessageType::link_entries:
      return "link-entries";
    case MessageType::link_onions:
      return "link-onions";
    case MessageType::link_entries_seen:
      return "link-entries-seen";
    case MessageType::link_batch:
      return "link-batch";
    case MessageType::link_counts:
      return "link-counts";
    case MessageType::link_cascade:
      return "link-cascade";
    case MessageType::link_hashes:
      return "link-hashes";
    case MessageType::link_confirmation:
      return "link-confirmation";
    case MessageType::link_refusal:
      return "link-refusal";
    case MessageType::link_void:
      return "link-void";
    case MessageType::renewed:
      return "renewed";
    case MessageType::revocations:
      return "revocations";
  }
  return {};
}

std::optional<MessageType> message_type_from(std::uint8_t number) {
  const auto type = static_cast<MessageType>(number);
  if (name_of(type).empty()) return std::nullopt;
  return type;
}

}  // namespace hedgerow::protocol
