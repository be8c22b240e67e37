//! Proofs that no stage can be left out: each does not compile, and beside each stands its twin that does, so that
//! it fails for the missing stage and for nothing else.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use exchange::middleware::{authorisation::*, consent::*, identification::*, interaction::*, localisation::*,
//!     minimisation::*, nen7513::*, paging::*, source::*, treatment_relation::*};
//! use exchange::{Fanout, Handle, Inbound, NodeFacts, Recorded, Released, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn nen7513(log: Arc<dyn ports::AccessLog>, clock: Arc<dyn ports::Clock>, next: impl Handle<Opened, Out = Released>) {
//!     takes::<Inbound, Recorded>(Nen7513::new(log, clock, String::new(), Duration::ZERO, 1, next));
//! }
//! fn identification(who: Arc<dyn ports::Authenticator>, next: impl Handle<Identified, Out = Released>) {
//!     takes::<Opened, Released>(Identification::new(who, std::sync::Arc::new(ports::NoThrottle), next));
//! }
//! fn interaction(u: Arc<policy::InForce>, i: Arc<dyn ports::PatientIndex>, p: Arc<Pages>, f: NodeFacts,
//!     next: impl Handle<Asked, Out = Released>) {
//!     takes::<Identified, Released>(ReadInteraction::new(u, i, p, f, next));
//! }
//! fn relation(r: Arc<dyn ports::TreatmentRelations>, next: impl Handle<Related, Out = Released>) {
//!     takes::<Asked, Released>(FindTreatmentRelation::new(r, Duration::ZERO, next));
//! }
//! fn consent(c: Arc<dyn ports::Consents>, next: impl Handle<Found, Out = Released>) {
//!     takes::<Related, Released>(FindConsent::new(c, Duration::ZERO, next));
//! }
//! fn authorisation(u: Arc<policy::InForce>, next: impl Handle<Permitted, Out = Released>) {
//!     takes::<Found, Released>(Authorise::new(u, next));
//! }
//! fn paging(p: Arc<Pages>, next: impl Handle<Permitted, Out = Gathered>) {
//!     takes::<Permitted, Released>(Paginate::new(p, next));
//! }
//! fn localisation(l: Arc<dyn ports::Localisation>, f: Fanout, s: AskSource) {
//!     takes::<Permitted, Gathered>(Localise::new(l, f, Minimise::new(s)));
//! }
//! ```
//! Without the log there is nothing that may be answered with (`Recorded`):
//! ```compile_fail,E0271
//! # use exchange::{Handle, Recorded, Released, middleware::{identification::*, nen7513::*}, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn unlogged(who: std::sync::Arc<dyn ports::Authenticator>, next: impl Handle<Identified, Out = Released>) {
//!     takes::<Opened, Recorded>(Identification::new(who, std::sync::Arc::new(ports::NoThrottle), next));
//! }
//! ```
//! Without identification:
//! ```compile_fail,E0277
//! # use std::{sync::Arc, time::Duration};
//! # use exchange::{Handle, Inbound, Recorded, Released, middleware::{identification::*, nen7513::*}, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn anybody(log: Arc<dyn ports::AccessLog>, clock: Arc<dyn ports::Clock>,
//!     next: impl Handle<Identified, Out = Released>) {
//!     takes::<Inbound, Recorded>(Nen7513::new(log, clock, String::new(), Duration::ZERO, 1, next));
//! }
//! ```
//! Without reading and admitting the interaction:
//! ```compile_fail,E0277
//! # use exchange::{Handle, Released, middleware::{identification::*, interaction::*, nen7513::*}, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn anything(who: std::sync::Arc<dyn ports::Authenticator>, next: impl Handle<Asked, Out = Released>) {
//!     takes::<Opened, Released>(Identification::new(who, std::sync::Arc::new(ports::NoThrottle), next));
//! }
//! ```
//! Without the treatment relation:
//! ```compile_fail,E0277
//! # use std::sync::Arc;
//! # use exchange::{Handle, NodeFacts, Pages, Released, ports};
//! # use exchange::middleware::{identification::*, interaction::*, treatment_relation::*};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn unrelated(u: Arc<policy::InForce>, i: Arc<dyn ports::PatientIndex>, p: Arc<Pages>, f: NodeFacts,
//!     next: impl Handle<Related, Out = Released>) {
//!     takes::<Identified, Released>(ReadInteraction::new(u, i, p, f, next));
//! }
//! ```
//! Without consent:
//! ```compile_fail,E0277
//! # use std::{sync::Arc, time::Duration};
//! # use exchange::{Handle, Released, middleware::{consent::*, interaction::*, treatment_relation::*}, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn unasked(r: Arc<dyn ports::TreatmentRelations>, next: impl Handle<Found, Out = Released>) {
//!     takes::<Asked, Released>(FindTreatmentRelation::new(r, Duration::ZERO, next));
//! }
//! ```
//! Without authorisation:
//! ```compile_fail,E0277
//! # use std::{sync::Arc, time::Duration};
//! # use exchange::{Handle, Released, middleware::{authorisation::*, consent::*, treatment_relation::*}, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn undecided(c: Arc<dyn ports::Consents>, next: impl Handle<Permitted, Out = Released>) {
//!     takes::<Related, Released>(FindConsent::new(c, Duration::ZERO, next));
//! }
//! ```
//! Without paging an answer would leave unbounded and unordered:
//! ```compile_fail,E0271
//! # use exchange::{Fanout, Handle, Released, ports};
//! # use exchange::middleware::{authorisation::*, consent::*, localisation::*, minimisation::*, source::*};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn unpaged(u: std::sync::Arc<policy::InForce>, l: std::sync::Arc<dyn ports::Localisation>, f: Fanout, s: AskSource) {
//!     takes::<Found, Released>(Authorise::new(u, Localise::new(l, f, Minimise::new(s))));
//! }
//! ```
//! Without localisation:
//! ```compile_fail,E0277
//! # use exchange::{Handle, Pages, Released, middleware::{authorisation::*, minimisation::*, paging::*, source::*}};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn nowhere(p: std::sync::Arc<Pages>, s: AskSource) {
//!     takes::<Permitted, Released>(Paginate::new(p, Minimise::new(s)));
//! }
//! ```
//! Without minimisation a source's answer would leave unchecked:
//! ```compile_fail,E0271
//! # use exchange::{Fanout, Handle, middleware::{authorisation::*, localisation::*, source::*}, ports};
//! fn takes<In, Out>(_: impl Handle<In, Out = Out>) {}
//! fn unchecked(l: std::sync::Arc<dyn ports::Localisation>, f: Fanout, s: AskSource) {
//!     takes::<Permitted, Gathered>(Localise::new(l, f, s));
//! }
//! ```
//! Nobody else makes what may be answered with, nor a permit:
//! ```compile_fail,E0451
//! fn forged(released: exchange::Released) -> exchange::Recorded {
//!     exchange::Recorded { released }
//! }
//! ```
//! ```compile_fail,E0616
//! fn widened(mut permit: policy::Permit) {
//!     permit.request.patient = policy::PatientScope::Any;
//! }
//! ```
