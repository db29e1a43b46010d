#include "node/audit/receipt.h"

namespace hedgerow::audit {

namespace {
constexpr ByteArray<4> kMagic = {'H', 'R', 'R', 1};
}

Result<Receipt> make_receipt(const Log& log, std::uint64_t index, bool with_entry) {
  Receipt receipt;
  receipt.checkpoint = log.checkpoint();
  receipt.index = index;
  HR_ASSIGN(receipt.proof, log.inclusion_proof(index, log.size()));
  HR_ASSIGN(Bytes entry, log.read_bytes(index));
  receipt.leaf = leaf_hash(entry);
  if (with_entry) receipt.entry = std::move(entry);
  return receipt;
}

Bytes encode(const Receipt& receipt) {
  Writer w;
  w.raw(kMagic).text(receipt.checkpoint).u64(receipt.index).raw(receipt.leaf);
  w.u32(static_cast<std::uint32_t>(receipt.proof.size()));
  for (const MerkleHash& hash : receipt.proof) w.raw(hash);
  w.bytes(receipt.entry);
  return std::move(w).take();
}

Result<Receipt> decode_receipt(ByteView bytes) {
  if (bytes.size() > kMaxReceipt) return bad_input("receipt: too long");
  Reader r(bytes);
  if (r.array<4>() != kMagic) return bad_input("receipt: of no known format");
  Receipt receipt;
  receipt.checkpoint = r.text(kMaxNote);
  receipt.index = r.u64();
  receipt.leaf = r.array<32>();
  const std::size_t count = r.count(kMaxMerkleProof, sizeof(MerkleHash));
  for (std::size_t i = 0; i < count; ++i) receipt.proof.push_back(r.array<32>());
  receipt.entry = to_bytes(r.bytes(kMaxEntry));
  HR_TRY(r.finish("receipt"));
  return receipt;
}

Result<VerifiedReceipt> verify(const Receipt& receipt, const NoteKey& log_key) {
  VerifiedReceipt verified;
  HR_ASSIGN(verified.checkpoint, open_checkpoint(receipt.checkpoint, log_key));
  HR_TRY(verify_inclusion(receipt.leaf, receipt.index, verified.checkpoint.size, receipt.proof,
                          verified.checkpoint.root));
  if (!receipt.entry.empty()) {
    if (leaf_hash(receipt.entry) != receipt.leaf)
      return bad_input("receipt: the entry is not the one that is proved");
    HR_ASSIGN(verified.entry, decode_entry(receipt.entry));
    verified.has_entry = true;
  }
  return verified;
}

}  // namespace hedgerow::audit
