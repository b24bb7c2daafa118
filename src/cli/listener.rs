//! Who listens where the pages should be.

use std::{fs, net::SocketAddr};

use rustix::process::geteuid;

/// What to say of an address at which nobody listens, or another user's program; nothing where it cannot be seen.
pub fn not_ours(at: SocketAddr) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).ok());
    // In a namespace of its own, without either, nothing is known.
    let [Some(four), six] = tables else { return None };
    let lines = four.lines().chain(six.iter().flat_map(|six| six.lines()));
    let listening: Vec<u32> = lines.filter_map(|line| listens_on(line, at.port())).collect();
    let own = geteuid().as_raw();
    match listening.first() {
        None => Some(format!("现在没有程序在听 {at}，这个网址还打不开：服务没有运行，或者不在这台机器上。")),
        Some(_) if listening.contains(&own) => None,
        Some(other) => Some(format!(
            "{at} 被别的用户（编号 {other}）的程序占着，不是督办的服务：不要打开这个网址，它会把网址给那个程序。\n\
             停掉那个程序，或换一个端口（duban.toml 的 [web] listen），再重启服务，并作废网址：duban link --revoke admin"
        )),
    }
}

/// The user whose socket this line of the kernel's table is, if it listens on the port.
fn listens_on(line: &str, port: u16) -> Option<u32> {
    const LISTENS: &str = "0A";
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, LISTENS, _, _, _, user, ..] = words[..] else { return None };
    let (_, its) = local.rsplit_once(':')?;
    (u16::from_str_radix(its, 16) == Ok(port)).then(|| user.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_ours_another_s_or_nobody_s() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        assert_eq!(not_ours(at), None);
        drop(listener);
        assert!(not_ours(at).unwrap().contains("还打不开"));
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1";
        assert_eq!((listens_on(line, 8080), listens_on(line, 8081)), (Some(1000), None));
        assert_eq!(listens_on("  sl  local_address rem_address   st tx_queue rx_queue", 8080), None);
    }
}
