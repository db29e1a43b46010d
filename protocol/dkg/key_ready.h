// How a party of the agreement, keyholder or not, comes to believe in a key: it checks the
// success certificate for itself.
#pragma once

#include "protocol/dkg/key_share.h"
#include "protocol/dkg/messages.h"
#include "protocol/dkg/setup.h"
#include "protocol/step.h"

namespace hedgerow::protocol {

// What a certified session made, as every party keeps it; share version 0.
KeyInfo make_key_info(const DkgSetup& setup, const SessionId& session, DkgPublicKey key);

// Checks key_ready: the session's context and threshold, the keyholders' static keys, every
// proof and every signature; and computes the public key from the transcript. Errors name the
// hub, which must not have sent such a thing.
//
// The caller accepts one key for a lineage and refuses any other that follows; a keyholder
// compares with what its own Participant gave. It logs key_ready_note.
Result<KeyInfo> accept_key_ready(const DkgSetup& setup, ByteView body);

// For the log of whoever accepted it: session, key id, keyholders, transcript hash.
LogNote key_ready_note(const SessionId& session, const KeyInfo& info);

}  // namespace hedgerow::protocol
