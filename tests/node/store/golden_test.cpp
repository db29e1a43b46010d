// A database written by release 0.1.0, which every later release must open: its key stands here,
// it holds nothing but invented values. HEDGEROW_WRITE_GOLDEN=FILE makes a new one.
#include <cstdlib>

#include "test_paths.h"
#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

namespace fs = std::filesystem;

SecretBytes golden_key() {
  SecretBytes key(kDatabaseKeySize);
  for (std::size_t i = 0; i < key.size(); ++i) key.writable()[i] = static_cast<std::uint8_t>(i + 1);
  return key;
}

const Lineage kGolden = Lineage::parse("golden-lineage").value();

MovementRow golden_row() {
  MovementRow r;
  r.source_key = key32('s', 1);
  r.child_key = key32('c', 1);
  r.pseudonym = key32('p', 1);
  r.event = 1;
  r.started_day = 20'500;
  r.origin = "E06000060";
  r.destination = "outside-england";
  r.age = 15;
  return r;
}

Result<void> fill(LineageStore& store) {
  HR_ASSIGN(Transaction t, Transaction::begin(store.database()));
  HR_TRY(store.records().apply_import({session_id(1), at_ms(1), {}},
                                      std::vector<MovementRow>{golden_row()}));
  HR_TRY(store.records().freeze("movements", "2026-Q1", at_ms(2)));
  HR_TRY(store.agreements().add({1, AgreementHash{key32('a', 1)}, to_bytes("agreement"),
                                 to_bytes("signatures"), at_ms(3), AgreementState::in_force}));
  HR_TRY(store.ledger().charge(party("police"), 20'700, 12, {10, 5}));
  HR_TRY(store.outbox().add(
      {0, party("hub"), session_id(2), 1, "type", to_bytes("bytes"), at_ms(4), at_ms(3)}));
  HR_TRY(store.replay().advance(party("hub"), session_id(3), 9, at_ms(5)));
  HR_TRY(store.editions().add(
      {1, "movements", "flows", "2026-Q1", to_bytes("edition"), {}, {}, Bytes(64, 1), at_ms(6)}));
  HR_TRY(t.commit(LogPosition{3, key32('l', 1)}));
  return {};
}

TEST(GoldenDatabase, OfRelease010OpensAndHoldsWhatItHeld) {
  Folder folder;
  const fs::path golden = fs::path(HEDGEROW_SOURCE_DIR) / "tests/vectors/store/lineage-0.1.0.db";
  if (const char* target = std::getenv("HEDGEROW_WRITE_GOLDEN"); target != nullptr) {
    SeededRandom rng(ByteArray<32>{9});
    LineageStore store =
        LineageStore::create(target, kGolden, golden_key(), Durability::full, rng).value();
    ASSERT_TRUE(fill(store).ok());
  }
  // A copy: to open is to write.
  write_file(folder / "golden.db", file_bytes(golden));
  LineageStore store =
      LineageStore::open(folder / "golden.db", kGolden, golden_key(), Durability::full).value();
  EXPECT_EQ(store.database().generation(), 2U);
  EXPECT_EQ(store.database().covered_log().value(), (LogPosition{3, key32('l', 1)}));
  EXPECT_TRUE(store.records().find(key32('s', 1)).value()->same_content(golden_row()));
  EXPECT_EQ(store.records().find_freeze("movements", "2026-Q1").value()->sequence, 1U);
  EXPECT_EQ(store.agreements().latest().value()->bytes, to_bytes("agreement"));
  EXPECT_EQ(store.ledger().daily_spent(party("police"), 20'700).value(), 2U);
  EXPECT_EQ(store.outbox().pending(0, 9, 9).value()[0].bytes, to_bytes("bytes"));
  EXPECT_EQ(store.replay().last(party("hub"), session_id(3)).value(), 9U);
  EXPECT_EQ(store.editions().find("movements", "flows", "2026-Q1").value()->edition,
            to_bytes("edition"));
  // What later versions added is there, and empty.
  EXPECT_TRUE(store.withheld().list(true, 0, 9).value().empty());
  EXPECT_FALSE(store.duty_contact().value());
  EXPECT_FALSE(store.traces().newest_own_day().value());
  EXPECT_FALSE(store.traces().find_directory(party("police"), 20'700).value());
  EXPECT_EQ(store.traces().asked_of_agency(party("police"), 20'700).value(), 0U);
}

}  // namespace
}  // namespace hedgerow::store
