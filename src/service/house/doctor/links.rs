//! The pages: whether they answer locally, and at the URL in the letters.

use std::{net::SocketAddr, time::Duration};

use super::Check;
use crate::{
    config::{Settings, Web, is_loopback},
    net::fetch::{self, Fault},
};

const NAME: &str = "网页";
const LIMIT: Duration = Duration::from_secs(10);

/// Empty without `[web]`.
pub(in crate::service) async fn look(settings: &Settings, is_running: bool) -> Vec<Check> {
    let Some(web) = &settings.web else { return Vec::new() };
    let mut checks = vec![local(web.listen, is_running).await];
    checks.push(outside(web).await);
    checks.extend(address(web));
    checks
}

async fn local(listen: SocketAddr, is_running: bool) -> Check {
    let why = match fetch::status(&format!("http://{listen}/style.css"), LIMIT).await {
        Ok(200) => return Check::good(NAME, format!("本机 {listen} 有应答")),
        Ok(status) => format!("答复 {status}，不像是督办的网页"),
        Err(Fault::Certificate(why)) => why.to_owned(),
        Err(Fault::Other(why)) => why,
    };
    let advice = match is_running {
        true => "看是不是别的程序占了这个端口：ss -ltnp；换一个就改 duban.toml 的 [web] listen",
        false => "先启动服务",
    };
    Check::bad(NAME, format!("本机 {listen} 打不开：{why}"), advice)
}

/// Tries the URL that a person would click.
async fn outside(web: &Web) -> Check {
    let url = &web.base_url;
    match fetch::status(&format!("{url}/style.css"), LIMIT).await {
        Ok(200) => Check::good(NAME, format!("{url} 从本机打得开")),
        Ok(status) => {
            let advice = format!("核对反向代理是否把 {url} 转到 {}", web.listen);
            Check::bad(NAME, format!("{url} 答复 {status}，不是督办的网页"), advice)
        }
        Err(Fault::Certificate(why)) => {
            let advice = "换上各科室电脑都信任的证书；单位自建的 CA，要装到本机和各科室电脑";
            Check::bad(NAME, format!("{url} 的{why}：点开链接会看到警告"), advice)
        }
        Err(Fault::Other(why)) => {
            let advice = "核对 duban.toml 的 base_url、域名解析和反向代理；只有本机到不了的，在科室电脑上再试";
            Check::bad(NAME, format!("{url} 从本机打不开：{why}"), advice)
        }
    }
}

/// What is wrong with the URL itself.
fn address(web: &Web) -> Option<Check> {
    let host = web.origin().split_once("://").map_or("", |(_, rest)| rest);
    let host = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(host, _)| host);
    if is_loopback(host.trim_matches(['[', ']'])) {
        let found = format!("base_url 是本机地址 {}：科室的电脑打不开邮件里的链接", web.base_url);
        return Some(Check::warning(NAME, found, "在 duban.toml 的 [web] 把 base_url 写成大家访问用的网址"));
    }
    web.base_url.starts_with("http://").then(|| {
        let found = format!("{} 没有加密：链接等同钥匙，沿途看得到", web.base_url);
        Check::warning(NAME, found, "在反向代理上配证书，base_url 改为 https://")
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    use super::*;
    use crate::service::house::doctor::Verdict;

    /// A server that gives this answer to everybody.
    fn serve(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        address
    }

    #[tokio::test]
    async fn what_answers_and_how() {
        const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        for (answer, scheme, verdict, words) in [
            (FINE, "http", Verdict::Good, "打得开"),
            ("HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n", "http", Verdict::Bad, "答复 502"),
            ("220 mail ESMTP\r\n", "http", Verdict::Bad, "不是网页服务"),
            ("", "http", Verdict::Bad, "不是网页服务"),
            (FINE, "https", Verdict::Bad, "没有用 https 应答"),
        ] {
            let listen = serve(answer);
            let found = outside(&Web::new(listen, format!("{scheme}://{listen}"))).await;
            assert_eq!(found.verdict, verdict, "{answer:?} {found:?}");
            assert!(found.found.contains(words), "{answer:?} {found:?}");
        }
        assert_eq!(local(serve(FINE), true).await.verdict, Verdict::Good);
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(local(nobody, false).await.advice, "先启动服务");
    }

    #[test]
    fn addresses_that_do_not_serve_everybody() {
        for (url, words) in [
            ("http://127.0.0.1:8080", Some("本机地址")),
            ("https://localhost/duban", Some("本机地址")),
            ("http://[::1]:80", Some("本机地址")),
            ("http://duban.ju.gov.cn", Some("没有加密")),
            ("https://duban.ju.gov.cn:8443/duban", None),
        ] {
            let web = Web::new(([127, 0, 0, 1], 1).into(), url);
            let found = address(&web).map(|check| check.found);
            assert_eq!(found.is_some(), words.is_some(), "{url}");
            assert!(found.unwrap_or_default().contains(words.unwrap_or_default()), "{url}");
        }
    }
}
