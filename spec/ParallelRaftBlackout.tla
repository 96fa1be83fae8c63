------------------------ MODULE ParallelRaftBlackout ------------------------
(***************************************************************************)
(* durability=mapped and a power loss of a majority: the merge over every   *)
(* voter, and what the devices hold after it.  Same style as                *)
(* ParallelRaftAmnesia.tla (val/acc/synced = all messages ever sent).       *)
(*                                                                         *)
(* One LBA, so a device is the last write <<slot, origin>> that reached it, *)
(* apply is in slot order and the applied set is a prefix.  img[n] = what   *)
(* the kernel may have written back: after a power loss the device is one   *)
(* of these.  A power loss hits any set of nodes at once; of a log it       *)
(* leaves what was forced and any part of the rest.  META, SYNCREC with its *)
(* merged entries, CKPT and the end of an install are forced.               *)
(*                                                                         *)
(* Safe form (NewGen): the merge over every voter begins a GENERATION,      *)
(* named by its term.  The leader's store is its truth: every other node is *)
(* installed from it before it takes a SYNC of that generation, and is      *)
(* cured only by that SYNC.  gen[n] is durable in the CKPT.                 *)
(*                                                                         *)
(* Abstracted away: elections before the first power loss, several LBAs,    *)
(* corruption, a process crash without power loss, single pieces of an      *)
(* install, sessions (ParallelRaftSessions.tla), membership, a voter that   *)
(* never comes back, liveness. The mark of an install in progress is        *)
(* durable (ParallelRaftInstall.tla).                                       *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC
CONSTANTS Node, MaxTerm, MaxSlot, MaxProp,
  MaxPower,     \* how many power losses, each of any set of nodes
  MaxCkpt,      \* how many checkpoints with truncation
  MaxFlush,     \* how many FLUSHes
  Reads,        \* model reads
  NewGen,       \* the safe form (FALSE: the merge over all voters is like any other)
  AllVote,      \* amnesiac votes count only if every voter gave one (FALSE: any quorum)
  AllBase,      \* the leader's prefix reaches every voter's logBase
  LeadForced,   \* the leader forces the merged log before it leads
  OnlyIfNeeded, \* a merge over all voters only if no quorum is without amnesia (FALSE: with any amnesiac)
  AllGreatest   \* the leader has the greatest prefix, installing nodes included (FALSE: only AllBase)
Terms == 1..MaxTerm
Slots == 1..MaxSlot
Nil == "nil"  Noop == "noop"  Write == "write"
None == <<0, 0>>
VARIABLES term, sync, gen, log, frc, amn, ck, app, dev, img, inst, need,   \* of a node
          ldr, dead, mlen, base, gent, val, acc, synced,                   \* of a term
          flushed, seen, black, npow, nck, nfl
nodeVars == <<term, sync, gen, log, frc, amn, ck, app, dev, img, inst, need>>
vars == <<term, sync, gen, log, frc, amn, ck, app, dev, img, inst, need,
          ldr, dead, mlen, base, gent, val, acc, synced, flushed, seen, black, npow, nck, nfl>>
Max(S) == CHOOSE x \in S : \A y \in S : y <= x
Quorums == {Q \in SUBSET Node : 2 * Cardinality(Q) > Cardinality(Node)}
Maj(Q) == Q \in Quorums
Elected(t) == ldr[t] /= {}
Leader(t) == CHOOSE n \in ldr[t] : TRUE
M(t) == mlen[t]
Live(t) == Elected(t) /\ t \notin dead /\ term[Leader(t)] = t /\ sync[Leader(t)] = t
Contig(n) == Max({0} \cup {p \in Slots : \A s \in 1..p : log[n][s] > 0})
Held(n) == {s \in Slots : log[n][s] > 0}
NoInst == [on |-> FALSE, t |-> 0, b |-> 0, e |-> 0, pre |-> [s \in Slots |-> 0]]

Init ==
  /\ term = [n \in Node |-> 1] /\ sync = [n \in Node |-> 1] /\ gen = [n \in Node |-> 0]
  /\ log = [n \in Node |-> [s \in Slots |-> 0]]
  /\ frc = [n \in Node |-> {}] /\ amn = [n \in Node |-> FALSE]
  /\ ck = [n \in Node |-> 0] /\ app = [n \in Node |-> 0]
  /\ dev = [n \in Node |-> None] /\ img = [n \in Node |-> {None}]
  /\ inst = [n \in Node |-> NoInst] /\ need = [n \in Node |-> <<0, 0>>]
  /\ \E c \in Node : ldr = [t \in Terms |-> IF t = 1 THEN {c} ELSE {}]
  /\ dead = {} /\ mlen = [t \in Terms |-> 0] /\ gent = [t \in Terms |-> 0]
  /\ base = [t \in Terms |-> [s \in Slots |-> 0]]
  /\ val = [t \in Terms |-> [s \in Slots |-> Nil]]
  /\ acc = [t \in Terms |-> [s \in Slots |-> {}]]
  /\ synced = [t \in Terms |-> IF t = 1 THEN Node ELSE {}]
  /\ flushed = {} /\ seen = <<0, 0, None>> /\ black = FALSE /\ npow = 0 /\ nck = 0 /\ nfl = 0
Committed(t, s) ==
  /\ Elected(t)
  /\ IF s <= M(t) THEN Maj(synced[t]) /\ base[t][s] /= 0 ELSE Maj(acc[t][s])
Origin(t, s) == IF s <= M(t) THEN base[t][s] ELSE t
Top(t) == Max({M(t)} \cup {s \in Slots : val[t][s] /= Nil})
(* The whole log of t, as its leader has assigned it. *)
Whole(t) == [s \in Slots |-> IF s <= M(t) THEN base[t][s] ELSE IF val[t][s] /= Nil THEN t ELSE 0]

------------------------------------------------------------------------------
Voting == {Node} \cup {Q \in Quorums : 2 * (Cardinality(Q) - 1) <= Cardinality(Node)}
SMax(Q) == Max({sync[q] : q \in Q})
Rep(c, Q, s) == {log[b][s] : b \in {b \in Q : sync[b] = SMax(Q) /\ log[b][s] > 0 /\ (s > ck[b] \/ b = c)}}
Absent(Q, s) == {q \in Q : log[q][s] = 0 \/ sync[q] < SMax(Q)}
MOf(c, Q) == Max({M(SMax(Q))} \cup {s \in Slots : Rep(c, Q, s) /= {}})
WithAmnesia(Q) == \E q \in Q : amn[q]
CanElect(c, Q) ==
  /\ c \in Q /\ ~inst[c].on /\ sync[c] = SMax(Q)
  /\ IF Q = Node THEN WithAmnesia(Q) /\ (OnlyIfNeeded => ~Maj({q \in Q : ~amn[q]})) ELSE (AllVote => ~WithAmnesia(Q))
  /\ AllBase => \A q \in Q : sync[q] < sync[c] \/ Contig(c) >= ck[q]
  /\ (AllGreatest /\ Q = Node) => \A q \in Q : sync[q] < sync[c] \/ Contig(c) >= Contig(q)
  /\ \A s \in 1..MOf(c, Q) : Rep(c, Q, s) = {} => s > M(SMax(Q)) /\ Maj(Absent(Q, s))
(* Promises and the merge's decision; the leader leads only after Lead. *)
Elect(c, Q) ==
  LET t == 1 + Max({term[q] : q \in Q})
      m == MOf(c, Q)
      mrg == [s \in Slots |-> IF s > m THEN 0 ELSE IF Rep(c, Q, s) = {} THEN t ELSE Max(Rep(c, Q, s))] IN
  /\ npow > 0 /\ t <= MaxTerm /\ CanElect(c, Q)
  /\ term' = [n \in Node |-> IF n \in Q THEN t ELSE term[n]]
  /\ ldr' = [ldr EXCEPT ![t] = @ \cup {c}]
  /\ mlen' = [mlen EXCEPT ![t] = m] /\ base' = [base EXCEPT ![t] = mrg]
  /\ val' = [val EXCEPT ![t] = [s \in Slots |-> IF s <= m /\ mrg[s] = t THEN Noop ELSE val[t][s]]]
  /\ gent' = [gent EXCEPT ![t] = IF WithAmnesia(Q) /\ NewGen THEN t ELSE gent[SMax(Q)]]
  /\ UNCHANGED <<sync, gen, log, frc, amn, ck, app, dev, img, inst, need, dead, acc, synced, flushed, seen, black, npow, nck, nfl>>
(* The leader has the merged log on stable storage: its amnesia, if any, is over. *)
Lead(t) ==
  LET c == Leader(t) IN
  /\ Elected(t) /\ t \notin dead /\ term[c] = t /\ sync[c] < t
  /\ sync' = [sync EXCEPT ![c] = t] /\ gen' = [gen EXCEPT ![c] = gent[t]]
  /\ log' = [log EXCEPT ![c] = [s \in Slots |-> IF s <= ck[c] THEN log[c][s] ELSE base[t][s]]]
  /\ frc' = [frc EXCEPT ![c] = IF LeadForced THEN 1..Max({M(t), ck[c]}) ELSE @ \cap {s \in Slots : log[c][s] = base[t][s]}]
  /\ amn' = [amn EXCEPT ![c] = FALSE]
  /\ synced' = [synced EXCEPT ![t] = @ \cup {c}]
  /\ UNCHANGED <<term, ck, app, dev, img, inst, need, ldr, dead, mlen, base, gent, val, acc, flushed, seen, black, npow, nck, nfl>>

(* n holds what the leader has truncated, by identity. *)
Below(n, t) == \A s \in 1..ck[Leader(t)] : log[n][s] = log[Leader(t)][s]
MayTake(n, t) ==
  /\ Elected(t) /\ Leader(t) \in synced[t] /\ n /= Leader(t)
  /\ term[n] <= t /\ ~inst[n].on /\ gen[n] >= gent[t] /\ Below(n, t)
Sync(n, t) ==
  /\ MayTake(n, t) /\ ~amn[n] /\ sync[n] < t
  /\ term' = [term EXCEPT ![n] = t] /\ sync' = [sync EXCEPT ![n] = t]
  /\ log' = [log EXCEPT ![n] = [s \in Slots |-> IF s <= ck[n] THEN log[n][s] ELSE base[t][s]]]
  /\ frc' = [frc EXCEPT ![n] = 1..Max({M(t), ck[n]})]
  /\ synced' = [synced EXCEPT ![t] = @ \cup {n}]
  /\ UNCHANGED <<gen, amn, ck, app, dev, img, inst, need, ldr, dead, mlen, base, gent, val, acc, flushed, seen, black, npow, nck, nfl>>
(* The cure: SYNC and every slot assigned so far, held and forced. *)
Cure(n, t) ==
  /\ MayTake(n, t) /\ amn[n] /\ Live(t)
  /\ term' = [term EXCEPT ![n] = t] /\ sync' = [sync EXCEPT ![n] = t]
  /\ log' = [log EXCEPT ![n] = [s \in Slots |-> IF s <= ck[n] THEN log[n][s] ELSE Whole(t)[s]]]
  /\ frc' = [frc EXCEPT ![n] = 1..Max({Top(t), ck[n]})]
  /\ acc' = [acc EXCEPT ![t] = [s \in Slots |-> IF s > M(t) /\ s <= Top(t) THEN @[s] \cup {n} ELSE @[s]]]
  /\ synced' = [synced EXCEPT ![t] = @ \cup {n}]
  /\ amn' = [amn EXCEPT ![n] = FALSE]
  /\ UNCHANGED <<gen, ck, app, dev, img, inst, need, ldr, dead, mlen, base, gent, val, flushed, seen, black, npow, nck, nfl>>

Propose(t) ==
  /\ Live(t)
  /\ Cardinality({p \in Terms \X Slots : val[p[1]][p[2]] = Write}) < MaxProp
  /\ Top(t) < MaxSlot /\ val' = [val EXCEPT ![t][Top(t) + 1] = Write]
  /\ UNCHANGED <<nodeVars, ldr, dead, mlen, base, gent, acc, synced, flushed, seen, black, npow, nck, nfl>>
Accept(n, t, s) ==
  /\ Elected(t) /\ s > M(t) /\ val[t][s] /= Nil /\ term[n] = t /\ sync[n] = t /\ log[n][s] /= t /\ ~amn[n]
  /\ log' = [log EXCEPT ![n][s] = t]
  /\ acc' = [acc EXCEPT ![t][s] = @ \cup {n}]
  /\ UNCHANGED <<term, sync, gen, frc, amn, ck, app, dev, img, inst, need, ldr, dead, mlen, base, gent, val, synced, flushed, seen, black, npow, nck, nfl>>
Apply(n) ==
  LET s == app[n] + 1  o == log[n][s] IN
  /\ s <= MaxSlot /\ o > 0 /\ ~inst[n].on /\ ~amn[n] /\ Committed(sync[n], s)
  /\ app' = [app EXCEPT ![n] = s]
  /\ IF val[o][s] = Write
     THEN dev' = [dev EXCEPT ![n] = <<s, o>>] /\ img' = [img EXCEPT ![n] = @ \cup {<<s, o>>}]
     ELSE UNCHANGED <<dev, img>>
  /\ UNCHANGED <<term, sync, gen, log, frc, amn, ck, inst, need, ldr, dead, mlen, base, gent, val, acc, synced, flushed, seen, black, npow, nck, nfl>>
Readable(n) == ~amn[n] /\ ~inst[n].on /\ (app[n] >= need[n][2] \/ sync[n] > need[n][1])
(* fsync of the store, CKPT, and truncation below the floor. *)
Ckpt(n) ==
  /\ nck < MaxCkpt /\ nck' = nck + 1
  /\ Readable(n) /\ app[n] > ck[n]
  /\ Maj({q \in Node : \A s \in 1..app[n] : log[q][s] = log[n][s]})
  /\ ck' = [ck EXCEPT ![n] = app[n]] /\ img' = [img EXCEPT ![n] = {dev[n]}]
  /\ frc' = [frc EXCEPT ![n] = @ \cup 1..app[n]]
  /\ UNCHANGED <<term, sync, gen, log, amn, app, dev, inst, need, ldr, dead, mlen, base, gent, val, acc, synced, flushed, seen, black, npow, nfl>>

(* FLUSH: a quorum holds and has forced everything that the leader of t assigned. *)
Flush(t) ==
  LET F == {<<t, s, Origin(t, s)>> : s \in 1..Top(t)} IN
  /\ nfl < MaxFlush /\ nfl' = nfl + 1
  /\ Live(t) /\ Maj(synced[t]) /\ F /= {} /\ ~(F \subseteq flushed)
  /\ \E Q \in Quorums : /\ \A q \in Q : ~amn[q] /\ term[q] = t /\ sync[q] = t /\ \A s \in 1..Top(t) : log[q][s] = Origin(t, s)
                        /\ frc' = [n \in Node |-> IF n \in Q THEN Held(n) ELSE frc[n]]
                        /\ acc' = [acc EXCEPT ![t] = [s \in Slots |-> IF s > M(t) /\ s <= Top(t) THEN @[s] \cup Q ELSE @[s]]]
  /\ flushed' = flushed \cup F
  /\ UNCHANGED <<term, sync, gen, log, amn, ck, app, dev, img, inst, need, ldr, dead, mlen, base, gent, val, synced, seen, black, npow, nck>>

(* The whole device is copied; b may be older than the copy. *)
InstCopy(n, t) ==
  LET L == Leader(t) IN
  /\ Live(t) /\ n /= L /\ term[n] <= t /\ Readable(L)
  /\ gen[n] < gent[t] \/ ~Below(n, t)
  /\ ~inst[n].on \/ inst[n].t < t
  /\ \E b \in ck[L]..app[L] :
       inst' = [inst EXCEPT ![n] = [on |-> TRUE, t |-> t, b |-> b, e |-> Max({app[L], M(t)}),
                                    pre |-> [s \in Slots |-> IF s <= b THEN log[L][s] ELSE 0]]]
  /\ term' = [term EXCEPT ![n] = t]
  /\ dev' = [dev EXCEPT ![n] = dev[L]] /\ img' = [img EXCEPT ![n] = @ \cup {dev[L]}]
  /\ UNCHANGED <<sync, gen, log, frc, amn, ck, app, need, ldr, dead, mlen, base, gent, val, acc, synced, flushed, seen, black, npow, nck, nfl>>
InstEnd(n) ==
  LET i == inst[n] IN
  /\ i.on /\ i.t > 0 /\ term[n] <= i.t
  /\ inst' = [inst EXCEPT ![n] = NoInst] /\ need' = [need EXCEPT ![n] = <<i.t, i.e>>]
  /\ gen' = [gen EXCEPT ![n] = gent[i.t]]
  /\ ck' = [ck EXCEPT ![n] = i.b] /\ app' = [app EXCEPT ![n] = i.b]
  /\ img' = [img EXCEPT ![n] = {dev[n]}]
  /\ log' = [log EXCEPT ![n] = [s \in Slots |-> IF s <= i.b THEN i.pre[s] ELSE log[n][s]]]
  /\ frc' = [frc EXCEPT ![n] = @ \cup 1..i.b]
  /\ UNCHANGED <<term, sync, amn, dev, ldr, dead, mlen, base, gent, val, acc, synced, flushed, seen, black, npow, nck, nfl>>

PowerLoss(P) ==
  /\ npow < MaxPower /\ npow' = npow + 1
  /\ \E K \in [P -> SUBSET Slots] :
       /\ \A n \in P : frc[n] \subseteq K[n] /\ K[n] \subseteq Held(n)
       /\ log' = [n \in Node |-> IF n \in P THEN [s \in Slots |-> IF s \in K[n] THEN log[n][s] ELSE 0] ELSE log[n]]
       /\ frc' = [n \in Node |-> IF n \in P THEN K[n] ELSE frc[n]]
  /\ \E D \in [P -> UNION {img[n] : n \in P}] :
       /\ \A n \in P : D[n] \in img[n]
       /\ dev' = [n \in Node |-> IF n \in P THEN D[n] ELSE dev[n]]
       /\ img' = [n \in Node |-> IF n \in P THEN {D[n]} ELSE img[n]]
  /\ amn' = [n \in Node |-> n \in P \/ amn[n]]
  /\ black' = (black \/ ~Maj({n \in Node : ~amn'[n]}))   \* there was a time without a quorum free of amnesia
  /\ app' = [n \in Node |-> IF n \in P THEN ck[n] ELSE app[n]]
  /\ inst' = [n \in Node |-> IF n \in P /\ inst[n].on THEN [NoInst EXCEPT !.on = TRUE] ELSE inst[n]]
  /\ dead' = dead \cup {t \in Terms : ldr[t] \cap P /= {}}
  /\ UNCHANGED <<term, sync, gen, ck, need, ldr, mlen, base, gent, val, acc, synced, flushed, seen, nck, nfl>>

(* A read served by the leader of t; seen = <<generation, last applied write, value>>. *)
LastWrite(n) == Max({0} \cup {s \in 1..app[n] : val[log[n][s]][s] = Write})
MayRead(t) ==
  /\ Live(t) /\ Maj({q \in Node : term[q] = t}) /\ Maj(synced[t]) /\ Readable(Leader(t))
  /\ \A s \in Slots : s <= M(t) \/ Committed(t, s) => app[Leader(t)] >= s
Read(t) ==
  /\ Reads /\ MayRead(t) /\ seen' = <<gent[t], LastWrite(Leader(t)), dev[Leader(t)]>> /\ seen' /= seen
  /\ UNCHANGED <<nodeVars, ldr, dead, mlen, base, gent, val, acc, synced, flushed, black, npow, nck, nfl>>

Next ==
  \/ \E c \in Node, Q \in Voting : Elect(c, Q)
  \/ \E t \in Terms : Lead(t) \/ Propose(t) \/ Flush(t) \/ Read(t)
  \/ \E n \in Node, t \in Terms : Sync(n, t) \/ Cure(n, t) \/ InstCopy(n, t)
  \/ \E n \in Node, t \in Terms, s \in Slots : Accept(n, t, s)
  \/ \E n \in Node : Apply(n) \/ Ckpt(n) \/ InstEnd(n)
  \/ \E P \in (SUBSET Node) \ {{}} : PowerLoss(P)
Spec == Init /\ [][Next]_vars
Symm == Permutations(Node)

------------------------------------------------------------------------------
AtMostOneLeaderPerTerm == \A t \in Terms : Cardinality(ldr[t]) <= 1
(* Nothing committed is lost inside a generation, and at all before a majority has lost its power. *)
CommittedNeverLost == \A t1, t2 \in Terms, s \in Slots :
  (t1 < t2 /\ ((NewGen /\ gent[t1] = gent[t2]) \/ ~black) /\ Committed(t1, s) /\ Elected(t2)) => (s <= M(t2) /\ base[t2][s] = Origin(t1, s))
FlushedNeverLost == \A f \in flushed : \A t2 \in Terms :
  (t2 > f[1] /\ Elected(t2)) => (f[2] <= M(t2) /\ base[t2][f[2]] = f[3])
FlushedOnDevice == \A t \in Terms : MayRead(t) => \A f \in flushed :
  (f[1] <= t /\ val[f[3]][f[2]] = Write) => dev[Leader(t)][1] >= f[2]
(* Invariant 17: who has applied all of a term's log has the same device. *)
DevicesEqual == \A n1, n2 \in Node :
  (/\ Readable(n1) /\ Readable(n2) /\ sync[n1] = sync[n2]
   /\ sync[n1] = term[n1] /\ app[n1] = Top(sync[n1]) /\ app[n2] = app[n1]) => dev[n1] = dev[n2]
(* What a reader saw in a generation never goes back. *)
ReadsForward == \A t \in Terms : (MayRead(t) /\ seen /= <<0, 0, None>>) =>
  LET L == Leader(t) IN
  \/ gent[t] > seen[1]
  \/ gent[t] = seen[1] /\ (LastWrite(L) > seen[2] \/ (LastWrite(L) = seen[2] /\ dev[L] = seen[3]))
(* All voters together can always elect a leader. *)
Recoverable == ~Maj({n \in Node : ~amn[n]}) => \E c \in Node : CanElect(c, Node)
=============================================================================
