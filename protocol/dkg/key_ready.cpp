#include "protocol/dkg/key_ready.h"

namespace hedgerow::protocol {
namespace {

Result<KeyInfo> verify(const DkgSetup& setup, ByteView body) {
  HR_ASSIGN(const KeyReady message, KeyReady::decode(body));
  HR_ASSIGN(const DkgTranscript transcript, DkgTranscript::decode(message.transcript));
  HR_ASSIGN(DkgPublicKey key, dkg_verify_certificate(setup.parameters(message.session), transcript,
                                                     message.signatures));
  return make_key_info(setup, message.session, std::move(key));
}

}  // namespace

KeyInfo make_key_info(const DkgSetup& setup, const SessionId& session, DkgPublicKey key) {
  return {derive_key_id(setup.lineage(), session),
          setup.threshold(),
          setup.size(),
          0,
          key.group_key,
          std::move(key.verification_shares),
          setup.keyholders(),
          key.transcript_hash};
}

Result<KeyInfo> accept_key_ready(const DkgSetup& setup, ByteView body) {
  auto info = verify(setup, body);
  if (!info) {
    Error error = std::move(info).error();
    error.text = "the hub announced a key that is not certified: " + error.text;
    error.culprit = setup.hub().str();
    return error;
  }
  return info;
}

LogNote key_ready_note(const SessionId& session, const KeyInfo& info) {
  std::string names;
  for (const PartyId& party : info.keyholders) names += (names.empty() ? "" : ",") + party.str();
  return {"key.ready",
          {{"session", session.hex()},
           {"key", info.key_id.hex()},
           {"keyholders", names},
           {"threshold", std::to_string(info.threshold)},
           {"transcript", to_hex(info.transcript_hash)}}};
}

}  // namespace hedgerow::protocol
