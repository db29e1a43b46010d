#include "node/core/link_stage.h"

#include "node/core/gate.h"

namespace hedgerow::core {

using protocol::link::LinkHub;

Result<Work> LinkStage::begin(const protocol::link::Plan& plan, const SessionId& session,
                              UtcTime now) {
  HR_CHECK(!is_active());
  HR_ASSIGN(auto begun,
            LinkHub::begin({sum_parties(lineage_, env_.keyring.message()), plan, session}, now,
                           env_.rng));
  role_.emplace(std::move(begun.first));
  return after(std::move(begun.second));
}

Result<Work> LinkStage::on_message(const Delivery& d, UtcTime now) {
  if (!role_ || role_->session() != d.session) return Work{};
  HR_ASSIGN(auto step, role_->on_message(d.from, d.type, d.body, now, env_.rng));
  return after(std::move(step));
}

Work LinkStage::on_time(UtcTime now) {
  if (!role_ || !wake_at_ || *wake_at_ > now) return {};
  wake_at_.reset();
  return after(role_->on_time(now));
}

Work LinkStage::after(protocol::Step step) {
  Work work;
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) work.send.push_back({role_->session(), std::move(m)});
  if (step.wake_at) wake_at_ = step.wake_at;
  if (!role_->finished()) return work;
  ended_ = Ended{std::nullopt, role_->failure()};
  if (role_->has_figures()) ended_->figures = std::move(*role_).take_figures();
  role_.reset();
  wake_at_.reset();
  return work;
}

}  // namespace hedgerow::core
