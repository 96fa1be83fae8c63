------------------------ MODULE ParallelRaftSessions ------------------------
(***************************************************************************)
(* Retries and sessions: a gateway sends (session, seq, lowestOutstanding), *)
(* again after a leader change; the leader's dedupe table is a function of  *)
(* its log; sessions begin and end by entries of the log.                   *)
(*                                                                         *)
(* Refinement assumption.  The log is that of the newest leader, as         *)
(* ParallelRaft.tla gives it: a new leader's merged log holds every         *)
(* committed slot as it was (CommittedNeverLost), any other slot as it was, *)
(* as a no-op, or not at all beyond the last one kept.  Slots commit in any *)
(* order.  An older leader can tell clients only what is committed.         *)
(* Blackout is the merge over all voters of ParallelRaftBlackout.tla: it    *)
(* may lose any committed slot and ends every session.                      *)
(*                                                                         *)
(* One LBA: all writes conflict.  A request once sent is in net for ever    *)
(* (loss, delay, duplication).  Items below a session's floor are gone from *)
(* the table (CKPT keeps the floor).  Abstracted away: apply, split         *)
(* requests, more than one LBA, the cap of sessions, gateways' signs of     *)
(* life (an end may be proposed at any time), tokens.                       *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC
CONSTANTS Client, MaxSlot, MaxTerm, MaxOps, MaxEnd, MaxBlackout,
  W,             \* a session may have this many writes outstanding
  Dedupe,        \* a duplicate gets no second slot
  RebuildFirst,  \* the table is rebuilt from the merged log before the first proposal
  FloorOn,       \* seq < floor is dropped
  EndCommitted,  \* a gateway learns of its session's end when that is committed (FALSE: proposed)
  EndInLog,      \* the end is an entry (FALSE: each leader's own knowledge)
  NeverElsewhere,\* the gateway never sends a request again under another session
  IdHasTerm      \* a session's id is (slot, term) of its entry (FALSE: the slot alone)
VARIABLES term, g, log, com, tab, ended, net, sess, nseq, out, nops, fin, ans, nend, used
vars == <<term, g, log, com, tab, ended, net, sess, nseq, out, nops, fin, ans, nend, used>>
None == <<0, 0>>
Ops == 1..MaxOps
Max(S) == CHOOSE x \in S : \A y \in S : y <= x
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
Entry == [k |-> "noop", c |-> 0, s |-> None, q |-> 0, l |-> 0, w |-> 0, t |-> 0]
NoopE(i) == [Entry EXCEPT !.t = term + 1]
Id(i) == <<i, IF IdHasTerm THEN log[i].t ELSE 0>>

Init ==
  /\ term = 1 /\ g = 1 /\ log = <<>> /\ com = {} /\ tab = {} /\ ended = {} /\ net = {}
  /\ sess = [c \in Client |-> None] /\ nseq = [c \in Client |-> 1]
  /\ out = [c \in Client |-> {}]                  \* {<<seq, op>>}, not yet answered
  /\ nops = 0 /\ fin = [w \in Ops |-> 0]          \* fin: how many were submitted when it ended
  /\ ans = {} /\ nend = 0
  /\ used = [c \in Client |-> {}]                 \* sessions that it has had

------------------------------------------------------------------------------
(* What the log, as far as the leader's table knows it (T), says. *)
Ends(i, s) == \/ log[i].k = "end" /\ log[i].s = s
              \/ log[i].k = "endall" /\ s[1] <= i
Opened(s) == \E i \in tab : log[i].k = "open" /\ Id(i) = s
Over(s) == s \in ended \/ \E i \in tab : Ends(i, s)
Floor(s) == Max({0} \cup {log[i].l : i \in {j \in tab : log[j].k = "write" /\ log[j].s = s}})
Found(s, q) == {i \in tab : Dedupe /\ log[i].k = "write" /\ log[i].s = s /\ log[i].q = q /\ q >= Floor(s)}

Append1(e) ==
  /\ Len(log) < MaxSlot
  /\ log' = Append(log, [e EXCEPT !.t = term]) /\ tab' = tab \cup {Len(log) + 1}

(* The leader takes a request that it does not know. *)
Take(m) ==
  /\ Opened(m.s) /\ ~Over(m.s)
  /\ FloorOn => m.q >= Floor(m.s)
  /\ m.q < Floor(m.s) + W + 1
  /\ Found(m.s, m.q) = {}
  /\ Append1([Entry EXCEPT !.k = "write", !.s = m.s, !.q = m.q, !.l = m.l, !.w = m.w])
  /\ UNCHANGED <<term, g, com, ended, net, sess, nseq, out, nops, fin, ans, nend, used>>
Open(c) ==
  /\ sess[c] = None /\ Append1([Entry EXCEPT !.k = "open", !.c = c])
  /\ UNCHANGED <<term, g, com, ended, net, sess, nseq, out, nops, fin, ans, nend, used>>
End(s) ==
  /\ nend < MaxEnd /\ nend' = nend + 1 /\ Opened(s) /\ ~Over(s)
  /\ IF EndInLog THEN Append1([Entry EXCEPT !.k = "end", !.s = s]) /\ UNCHANGED ended
     ELSE ended' = ended \cup {s} /\ UNCHANGED <<log, tab>>
  /\ UNCHANGED <<term, g, com, net, sess, nseq, out, nops, fin, ans, used>>
Commit(i) ==
  /\ i \in DOMAIN log /\ i \notin com /\ com' = com \cup {i}
  /\ UNCHANGED <<term, g, log, tab, ended, net, sess, nseq, out, nops, fin, ans, nend, used>>

(* A new leader: a merged log that holds whatever was committed. *)
Merged(keep, m) == [i \in 1..m |-> IF i \in keep THEN log[i] ELSE NoopE(i)]
NewLeader ==
  /\ term < MaxTerm /\ term' = term + 1
  /\ \E keep \in SUBSET DOMAIN log :
       /\ com \subseteq keep
       /\ LET m == Max({0} \cup keep) IN
          /\ log' = Merged(keep, m)
          /\ \E a \in 0..m : tab' = 1..a /\ (RebuildFirst => a = m)   \* a: its checkpoint
  /\ ended' = {}
  /\ UNCHANGED <<g, com, net, sess, nseq, out, nops, fin, ans, nend, used>>
Rebuild ==
  /\ tab /= DOMAIN log /\ tab' = DOMAIN log
  /\ UNCHANGED <<term, g, log, com, ended, net, sess, nseq, out, nops, fin, ans, nend, used>>
Blackout ==
  /\ g <= MaxBlackout /\ g' = g + 1 /\ term < MaxTerm /\ term' = term + 1
  /\ \E keep \in SUBSET DOMAIN log :
       LET m == Max({0} \cup keep)
           e == [Entry EXCEPT !.k = "endall", !.t = term + 1] IN
       /\ m < MaxSlot /\ log' = Append(Merged(keep, m), e)
       /\ tab' = 1..(m + 1) /\ com' = 1..(m + 1)
  /\ ended' = {}
  /\ UNCHANGED <<net, sess, nseq, out, nops, fin, ans, nend, used>>

------------------------------------------------------------------------------
Low(o) == Min({x[1] : x \in o})
Learn(c) ==
  /\ sess[c] = None
  /\ \E i \in com : log[i].k = "open" /\ log[i].c = c /\ Id(i) \notin used[c] /\ (\A j \in DOMAIN log : ~Ends(j, Id(i)))
                    /\ sess' = [sess EXCEPT ![c] = Id(i)] /\ used' = [used EXCEPT ![c] = @ \cup {Id(i)}]
  /\ UNCHANGED <<term, g, log, com, tab, ended, net, nseq, out, nops, fin, ans, nend>>
Submit(c) ==
  LET o == out[c] \cup {<<nseq[c], nops + 1>>} IN
  /\ sess[c] /= None /\ nops < MaxOps /\ Cardinality(o) <= W
  /\ nops' = nops + 1 /\ nseq' = [nseq EXCEPT ![c] = @ + 1]
  /\ out' = [out EXCEPT ![c] = o]
  /\ net' = net \cup {[s |-> sess[c], q |-> nseq[c], l |-> Low(o), w |-> nops + 1]}
  /\ UNCHANGED <<term, g, log, com, tab, ended, sess, fin, ans, nend, used>>
Answer(m) == \E i \in com \cap tab :
  /\ log[i].k = "write" /\ log[i].s = m.s /\ log[i].q = m.q
  /\ \/ <<m.w, i, g>> \notin ans \/ \E c \in Client : <<m.q, m.w>> \in out[c]
  /\ ans' = ans \cup {<<m.w, i, g>>}
  /\ out' = [c \in Client |-> {x \in out[c] : x[2] /= m.w}]
  /\ fin' = [fin EXCEPT ![m.w] = IF @ = 0 THEN nops ELSE @]
  /\ UNCHANGED <<term, g, log, com, tab, ended, net, sess, nseq, nops, nend, used>>
(* The gateway learns that its session has ended: an error for what is outstanding. *)
Told(c) ==
  /\ sess[c] /= None
  /\ \/ \E i \in IF EndCommitted THEN com ELSE DOMAIN log : Ends(i, sess[c])
     \/ sess[c] \in ended
  /\ sess' = [sess EXCEPT ![c] = None] /\ nseq' = [nseq EXCEPT ![c] = 1]
  /\ IF NeverElsewhere
     THEN /\ out' = [out EXCEPT ![c] = {}]
          /\ fin' = [w \in Ops |-> IF fin[w] = 0 /\ \E x \in out[c] : x[2] = w THEN nops ELSE fin[w]]
     ELSE UNCHANGED <<out, fin>>
  /\ UNCHANGED <<term, g, log, com, tab, ended, net, nops, ans, nend, used>>
(* Mutant: what was outstanding goes out under the new session. *)
Elsewhere(c) ==
  /\ ~NeverElsewhere /\ sess[c] /= None /\ nseq[c] = 1 /\ out[c] /= {}
  /\ LET x == CHOOSE y \in out[c] : TRUE IN
     /\ net' = net \cup {[s |-> sess[c], q |-> 1, l |-> 1, w |-> x[2]]}
     /\ out' = [out EXCEPT ![c] = {<<1, x[2]>>}]
  /\ nseq' = [nseq EXCEPT ![c] = 2]
  /\ UNCHANGED <<term, g, log, com, tab, ended, sess, nops, fin, ans, nend, used>>

Next ==
  \/ NewLeader \/ Rebuild \/ Blackout
  \/ \E m \in net : Take(m) \/ Answer(m)
  \/ \E c \in Client : Open(c) \/ Learn(c) \/ Submit(c) \/ Told(c) \/ Elsewhere(c)
  \/ \E i \in 1..MaxSlot : Commit(i)
  \/ \E i \in tab : log[i].k = "open" /\ End(Id(i))
Spec == Init /\ [][Next]_vars
Symm == Permutations(Client)

------------------------------------------------------------------------------
Writes == {i \in DOMAIN log : log[i].k = "write"}
OneSlotPerSeq == \A i, j \in Writes : (log[i].s = log[j].s /\ log[i].q = log[j].q) => i = j
OneSlotPerWrite == \A i, j \in Writes : log[i].w = log[j].w => i = j
NothingAfterTheEnd == \A i \in DOMAIN log, j \in Writes : i < j => ~Ends(i, log[j].s)
AnsweredOnce == \A a, b \in ans : (a[1] = b[1] /\ a[3] = b[3]) => a[2] = b[2]
(* Who was answered has its own write at the slot. *)
AnswerIsMine == \A a \in ans : a[3] = g => (a[2] \in DOMAIN log /\ log[a[2]].w = a[1])
(* A write that had ended for its client (answered, or failed) before another was submitted lies before it. *)
RealTime == \A i, j \in Writes :
  (fin[log[i].w] /= 0 /\ log[j].w > fin[log[i].w]) => i < j
=============================================================================
