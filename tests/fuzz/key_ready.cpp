// What the hub announces as the key (protocol/dkg/key_ready.h). The first byte chooses: the body as
// it is; a transcript; any transcript behind the participants' good signatures.
#include "protocol/dkg/key_ready.h"

#include "protocol/dkg/messages.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/key_generation.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::key_ready {
namespace {

using namespace protocol;

const Bytes& good() {
  static const Bytes body = generate_key([](const Coordinator&) {}, [](Participant&) {});
  return body;
}

const KeyReady& good_message() {
  static const KeyReady message = KeyReady::decode(good()).value();
  return message;
}

// Nobody signs here: only the one transcript is certified.
void run_body(ByteView body) {
  const auto info = accept_key_ready(key_setup(), body);
  check_error(info);
  if (!info.ok()) {
    HR_CHECK(info.error().culprit == hub().str());
    return;
  }
  const auto message = KeyReady::decode(body);
  HR_CHECK(message.ok() && message->transcript == good_message().transcript);
  HR_CHECK(message->session == good_message().session);
  HR_CHECK(info->keyholders == keyholders().names && info->threshold == 2);
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 3) {
    case 0:
      return run_body(parts.rest());
    case 1: {
      const ByteView bytes = parts.rest();
      const auto transcript = DkgTranscript::decode(bytes);
      check_error(transcript);
      if (!transcript.ok()) return;
      HR_CHECK(same(transcript->bytes(), bytes));
      check_error(transcript->public_key());
      return;
    }
    default: {
      KeyReady message = good_message();
      message.transcript = to_bytes(parts.rest());
      return run_body(message.encode());
    }
  }
}

std::vector<Bytes> seeds() {
  HR_CHECK(accept_key_ready(key_setup(), good()).ok());
  std::vector<Bytes> all{chosen(0, good()), chosen(1, good_message().transcript),
                         chosen(2, good_message().transcript)};
  KeyReady odd = good_message();
  std::swap(odd.signatures[0], odd.signatures[1]);
  all.push_back(chosen(0, odd.encode()));
  odd = good_message();
  odd.session = counting<SessionId>(1);
  all.push_back(chosen(0, odd.encode()));
  Bytes transcript = good_message().transcript;
  transcript.back() ^= 1U;
  all.push_back(chosen(2, transcript));
  return all;
}

const Registration registered({"key_ready", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::key_ready
