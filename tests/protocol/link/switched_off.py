#!/usr/bin/env python3
"""Each check of the link's roles, switched off, lets its deviation through: the tests that name it
fail then, so that none of them is vacuous. Usage: switched_off.py PROGRAM"""

import os
import subprocess
import sys

C, M, H = "LinkContributorDeviates.", "LinkMixerDeviates.", "LinkHubDeviates."

# Check (protocol/link/checks.h): the tests that must fail without it.
FAIL = {
    "number": [C + "TooManyPointsAreRefused", C + "APartMoreIsRefused"],
    "distinct_points": [C + "ThePointTwiceIsRefused"],
    "stated_list": [C + "AnotherListThanStatedIsRefused"],
    "lists_alike": [C + "AnotherListToEachMixerIsFoundByTheHub"],
    "one_check": [C + "MorePointsThanTheCheckAreNotEvaluated"],
    "distinct_entries": [C + "TheSameOnionTwiceIsRefused", M + "ARepeatedEntryIsFound"],
    "stated_onions": [C + "OtherOnionsThanStatedAreRefused"],
    "confirmation": [C + "AConfirmationOfOtherHashesIsRefused"],
    "batch": [M + "AWrongEvaluationIsFoundByTheCheckAndNamedByItsProof",
              M + "TwoWrongEvaluationsThatCancelAreFound"],
    "check_proof": [M + "ACheckWithoutProofIsRefused"],
    "key_proof": [M + "AKeyMadeFromAnothersIsRefused"],
    "own_entries": [M + "AReplacedEntryIsMissedByItsOwner",
                    M + "AnEntryChangedByTheLastIsMissedByItsOwner"],
    "shown": [M + "TheLastOneStatesWhatIsShown"],
    "one_list": [H + "OtherListsToOthersAreNoticedByTheirConfirmations"],
    "chain": [M + "CountsThatDoNotFollowAreFound", M + "CountsThatAreNotBalancedAreFound"],
    "own_keys": [H + "AManifestWithAnotherKeyOfAMixerIsNotSigned"],
    "one_manifest": [H + "ASecondManifestInOneAttemptIsNotSigned"],
    "signatures": [H + "AnotherManifestForOneContributorIsRefused", H + "ASignatureLeftOutIsNoticed"],
    "ascending": [H + "AHashLeftOutOrPutInIsNoticed"],
    "attempt": [H + "AReplayedCascadeDoesNotHold"],
    "roster": [H + "AnAttemptWithOnePartyLessGetsNoEntries"],
}
# What holds nevertheless, by another check.
HOLD = {"stated_onions": [H + "ALoneContributorsOthersNotice"],
        "chain": [H + "ACascadeOfOtherEntriesIsNoticed"]}


def passes(program, test, off):
    environment = dict(os.environ, HEDGEROW_LINK_CHECK_OFF=off)
    run = subprocess.run([program, "--gtest_filter=" + test], env=environment, capture_output=True,
                         text=True, timeout=120)
    if "1 test from 1 test suite ran" not in run.stdout:
        sys.exit(f"{test} is no test, or ended the program (exit {run.returncode}) without {off}")
    return run.returncode == 0


def main():
    program = sys.argv[1]
    wrong = []
    for check, tests in FAIL.items():
        for test in tests:
            if not passes(program, test, ""):
                wrong.append(f"{test} fails with every check on")
            elif passes(program, test, check):
                wrong.append(f"{test} passes without the check {check}")
        for test in HOLD.get(check, []):
            if not passes(program, test, check):
                wrong.append(f"{test} fails without the check {check}")
    print(f"{len(FAIL)} checks switched off, one at a time", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
