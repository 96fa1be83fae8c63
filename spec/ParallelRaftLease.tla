------------------------- MODULE ParallelRaftLease -------------------------
(***************************************************************************)
(* Leader leases.  No absolute time: every node has timers, and a Tick adds *)
(* to all timers of a node between RMin and RMax, freely in each tick and   *)
(* for each node.  A tick is (RMin + RMax) / 2 units of true time, so the   *)
(* rate of a clock is within 1 - d and 1 + d of true time with              *)
(* d = (RMax - RMin) / (RMax + RMin).  T is the minimum election timeout.   *)
(* The longest safe lease is T (1 - d) / (1 + d) = T RMin / RMax.           *)
(*                                                                         *)
(* A round of the leader reaches a voter, and its answer the leader, at any *)
(* time later; one round at a time is followed (a new one forgets the old). *)
(* Votes are given one by one and are promises.                             *)
(*                                                                         *)
(* A read: its content is taken, THEN the lease is checked.  So what must   *)
(* hold is that at a moment when a lease holds nobody has committed in a    *)
(* newer term; a pause after the check only delays an answer.  A new leader *)
(* is taken to commit at once (the merge only makes it later).              *)
(*                                                                         *)
(* Abstracted away: log, pre-vote (the same test, changes nothing), the     *)
(* suspend of a machine (the leader's clock counts it; a voter's need not). *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC
CONSTANTS Node, MaxTerm, MaxRestart, MaxTransfer,
  T, RMin, RMax,
  AllRates,        \* any rate between RMin and RMax (FALSE: only these two, the extremes, in any mixture)
  LeaseLen,        \* on the leader's clock
  Refuse,          \* a voter refuses within T of hearing a leader
  RefuseAtStart,   \* ... and within T of its start
  FromSend,        \* the lease counts from the round's sending (FALSE: from the quorum's answer)
  Renounce,        \* no lease after TimeoutNow in the rest of the term
  TransferInTerm   \* TimeoutNow counts in its own term only
Terms == 1..MaxTerm
VARIABLES term, lead, cand, votes, xfer,   \* xfer[n]: its campaign is one that TimeoutNow asked for
          heard,                           \* local time since a leader was heard, or the start
          lease,                           \* leader: age of the newest confirmed round
          round,                           \* leader: the round under way
          gone,                            \* leader: has sent TimeoutNow
          asked,                           \* term of a TimeoutNow on its way to n, or 0
          done,                            \* terms in which something was committed
          nrs, ntr
vars == <<term, lead, cand, votes, xfer, heard, lease, round, gone, asked, done, nrs, ntr>>
Maj(Q) == 2 * Cardinality(Q) > Cardinality(Node)
Cap(x, m) == IF x > m THEN m ELSE x
NoRound == [on |-> FALSE, age |-> 0, got |-> {}, acks |-> {}]
Init ==
  /\ term = [n \in Node |-> 1]
  /\ \E c \in Node : lead = [n \in Node |-> n = c]
  /\ cand = [n \in Node |-> FALSE] /\ votes = [n \in Node |-> {}] /\ xfer = [n \in Node |-> FALSE]
  /\ heard = [n \in Node |-> T] /\ lease = [n \in Node |-> LeaseLen]
  /\ round = [n \in Node |-> NoRound] /\ gone = [n \in Node |-> FALSE]
  /\ asked = [n \in Node |-> 0] /\ done = {} /\ nrs = 0 /\ ntr = 0

Tick ==
  /\ \E r \in [Node -> IF AllRates THEN RMin..RMax ELSE {RMin, RMax}] :
       /\ heard' = [n \in Node |-> Cap(heard[n] + r[n], T)]
       /\ lease' = [n \in Node |-> Cap(lease[n] + r[n], LeaseLen)]
       /\ round' = [n \in Node |-> IF round[n].on THEN [round[n] EXCEPT !.age = Cap(@ + r[n], LeaseLen)] ELSE NoRound]
  /\ UNCHANGED <<term, lead, cand, votes, xfer, gone, asked, done, nrs, ntr>>

Send(n) ==
  /\ lead[n] /\ round' = [round EXCEPT ![n] = [NoRound EXCEPT !.on = TRUE]] /\ round' /= round
  /\ UNCHANGED <<term, lead, cand, votes, xfer, heard, lease, gone, asked, done, nrs, ntr>>
Hear(v, n) ==
  /\ v /= n /\ lead[n] /\ round[n].on /\ v \notin round[n].got /\ term[v] <= term[n]
  /\ term' = [term EXCEPT ![v] = term[n]] /\ heard' = [heard EXCEPT ![v] = 0]
  /\ round' = [round EXCEPT ![n].got = @ \cup {v}, ![v] = NoRound]
  /\ lead' = [lead EXCEPT ![v] = FALSE] /\ cand' = [cand EXCEPT ![v] = FALSE]
  /\ votes' = [votes EXCEPT ![v] = {}] /\ xfer' = [xfer EXCEPT ![v] = FALSE]
  /\ gone' = [gone EXCEPT ![v] = FALSE] /\ lease' = [lease EXCEPT ![v] = LeaseLen]
  /\ UNCHANGED <<asked, done, nrs, ntr>>
Answer(v, n) ==
  /\ lead[n] /\ v \in round[n].got \ round[n].acks
  /\ LET a == round[n].acks \cup {v}  age == IF FromSend THEN round[n].age ELSE 0 IN
     IF Maj(a \cup {n})
     THEN /\ round' = [round EXCEPT ![n] = NoRound]
          /\ lease' = [lease EXCEPT ![n] = IF age < @ THEN age ELSE @]
     ELSE round' = [round EXCEPT ![n].acks = a] /\ UNCHANGED lease
  /\ UNCHANGED <<term, lead, cand, votes, xfer, heard, gone, asked, done, nrs, ntr>>
Holds(n) == lead[n] /\ lease[n] < LeaseLen /\ (Renounce => ~gone[n])

(* n is no leader any more and takes term t. *)
Campaign(n) ==
  LET x == asked[n] > 0 /\ (TransferInTerm => asked[n] = term[n]) IN
  /\ ~lead[n] /\ term[n] < MaxTerm
  /\ x \/ heard[n] >= T \/ ~Refuse
  /\ term' = [term EXCEPT ![n] = @ + 1]
  /\ cand' = [cand EXCEPT ![n] = TRUE] /\ votes' = [votes EXCEPT ![n] = {n}]
  /\ xfer' = [xfer EXCEPT ![n] = x] /\ asked' = [asked EXCEPT ![n] = 0]
  /\ UNCHANGED <<lead, heard, lease, round, gone, done, nrs, ntr>>
(* A leader may vote for another: it then leads no more. *)
Grant(v, c) ==
  /\ v /= c /\ cand[c] /\ term[v] < term[c]
  /\ xfer[c] \/ lead[v] \/ heard[v] >= T \/ ~Refuse
  /\ term' = [term EXCEPT ![v] = term[c]] /\ votes' = [votes EXCEPT ![c] = @ \cup {v}, ![v] = {}]
  /\ lead' = [lead EXCEPT ![v] = FALSE] /\ cand' = [cand EXCEPT ![v] = FALSE] /\ xfer' = [xfer EXCEPT ![v] = FALSE]
  /\ gone' = [gone EXCEPT ![v] = FALSE] /\ lease' = [lease EXCEPT ![v] = LeaseLen] /\ round' = [round EXCEPT ![v] = NoRound]
  /\ UNCHANGED <<heard, asked, done, nrs, ntr>>
Win(c) ==
  /\ cand[c] /\ Maj(votes[c])
  /\ lead' = [lead EXCEPT ![c] = TRUE] /\ cand' = [cand EXCEPT ![c] = FALSE]
  /\ votes' = [votes EXCEPT ![c] = {}] /\ xfer' = [xfer EXCEPT ![c] = FALSE]
  /\ lease' = [lease EXCEPT ![c] = LeaseLen] /\ gone' = [gone EXCEPT ![c] = FALSE]
  /\ done' = done \cup {term[c]}
  /\ UNCHANGED <<term, heard, round, asked, nrs, ntr>>
Transfer(n, c) ==
  /\ n /= c /\ lead[n] /\ ntr < MaxTransfer /\ ntr' = ntr + 1
  /\ gone' = [gone EXCEPT ![n] = TRUE] /\ asked' = [asked EXCEPT ![c] = term[n]]
  /\ UNCHANGED <<term, lead, cand, votes, xfer, heard, lease, round, done, nrs>>
Restart(n) ==
  /\ nrs < MaxRestart /\ nrs' = nrs + 1
  /\ heard' = [heard EXCEPT ![n] = IF RefuseAtStart THEN 0 ELSE T]
  /\ lead' = [lead EXCEPT ![n] = FALSE] /\ cand' = [cand EXCEPT ![n] = FALSE]
  /\ votes' = [votes EXCEPT ![n] = {}] /\ xfer' = [xfer EXCEPT ![n] = FALSE]
  /\ gone' = [gone EXCEPT ![n] = FALSE] /\ lease' = [lease EXCEPT ![n] = LeaseLen]
  /\ round' = [round EXCEPT ![n] = NoRound]
  /\ UNCHANGED <<term, asked, done, ntr>>
Next ==
  \/ Tick
  \/ \E n \in Node : Send(n) \/ Campaign(n) \/ Win(n) \/ Restart(n)
  \/ \E v, n \in Node : Hear(v, n) \/ Answer(v, n) \/ Grant(v, n) \/ Transfer(v, n)
Spec == Init /\ [][Next]_vars
Symm == Permutations(Node)

OneLeader == \A n, m \in Node : (lead[n] /\ lead[m] /\ term[n] = term[m]) => n = m
LeaseReadsAreNew == \A n \in Node : Holds(n) => \A t \in done : t <= term[n]
=============================================================================
