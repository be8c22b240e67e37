//! Where to look, for whoever started the demo region.
#![allow(clippy::print_stdout, reason = "tells its user where to look")]

use super::ready::{Ready, ReadyCaller};

/// Says where the nodes and their pages are, and with what one comes in.
pub fn tell(ready: &Ready) {
    println!("The region runs. State: {}\n", ready.state.display());
    for node in &ready.nodes {
        println!("{} (URA {})", node.name, node.ura);
        if let Some(portal) = &node.portal {
            println!("  pages       {portal}");
        }
        println!("  inner FHIR  {}/fhir/r4", node.inner);
        println!("  outer FHIR  {}/fhir/r4 (mutual TLS)", node.outer);
        println!("  access log  zorgsluis log --folder {}\n", node.log_folder.display());
    }
    let showcase = ready.patients.iter().max_by_key(|patient| patient.known_at.len());
    let reader = showcase.and_then(|patient| {
        let treats = |caller: &&ReadyCaller| caller.treats.contains(&patient.bsn) && caller.bearer_token.is_some();
        Some((patient, ready.callers.iter().find(treats)?))
    });
    if let Some((patient, caller)) = reader {
        let node = ready.nodes.iter().find(|node| Some(&node.key) == caller.node.as_ref());
        println!("To see one patient over four providers:");
        println!("  open        {}", node.and_then(|node| node.portal.as_deref()).unwrap_or_default());
        println!("  as          {}", caller.name);
        println!("  access code {}", caller.bearer_token.as_deref().unwrap_or_default());
        println!("  patient     {} (test BSN {})\n", patient.name, patient.bsn);
    }
    println!("Ctrl-C stops everything.\n");
}
