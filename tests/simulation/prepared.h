// What regions of one shape share within a process: their paper, and their homes as they are once
// the agreement is installed everywhere and the key is there. Certificates and signatures cost
// more than all the rest of a small region's run. A region whose agreement is edited, or whose node
// certificates live for another time than kNodeLife, has a paper of its own.
#pragma once

#include <filesystem>
#include <memory>

#include "tests/simulation/identities.h"

namespace hedgerow::simulation {

// A new folder, in memory where there is such a place.
std::filesystem::path make_folder();

struct Prepared {
  Shape shape;
  std::uint64_t number = 0;  // of the shape's bytes: the seed of all that is in here
  Identities identities;
  std::filesystem::path folder;   // removed at the end of the process
  std::optional<UtcTime> key_at;  // once there is a key: when

  std::filesystem::path paper() const { return folder / "paper"; }  // homes with keys only
  std::filesystem::path ready() const { return folder / "ready"; }  // homes with a key generated
  ~Prepared();
};

const Prepared& prepared_paper(const Shape& shape);
// Shared with nobody.
std::unique_ptr<Prepared> paper_of_its_own(const Shape& shape, const AgreementEdit& edit,
                                           std::chrono::hours node_life);
// Runs a region without faults up to its key, at the first call for this shape.
const Prepared& prepared_region(const Shape& shape);

}  // namespace hedgerow::simulation
