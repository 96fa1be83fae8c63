package io.parablock.tools;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptException;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium, Debian's, that speaks to nobody but the page under test. */
final class Browser implements AutoCloseable {
    private static final long TIMEOUT_MS = 15_000;

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    static Browser open() {
        Clients.require("chromium", "chromedriver");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(program("chromium"));
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--hide-scrollbars");
        options.setCapability("goog:loggingPrefs", logs);
        // Both programs are named: Selenium looks for none in the internet.
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(program("chromedriver"))
                .usingAnyFreePort()
                .build();
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.manage().timeouts().pageLoadTimeout(Duration.ofMillis(TIMEOUT_MS));
        return new Browser(driver);
    }

    private static File program(String name) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            File file = new File(folder, name);
            if (file.canExecute()) {
                return file;
            }
        }
        throw new IllegalStateException(name + " is not installed");
    }

    /** @param scheme light or dark */
    void look(int width, int height, String scheme) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    void go(String url) {
        driver.get(url);
    }

    /** To an empty page; what was complained of is forgotten. */
    void leave() {
        go("about:blank");
        List<String> unused = console();
    }

    /** The value of an expression. */
    Object eval(String script) {
        return driver.executeScript("return " + script);
    }

    long number(String script) {
        return ((Number) eval(script)).longValue();
    }

    /** What is to be read in the first element; empty if there is none. */
    String text(String css) {
        return String.valueOf(
                eval("(e => e?.innerText ?? e?.textContent ?? '')(document.querySelector('" + css + "'))"));
    }

    long count(String css) {
        return number("document.querySelectorAll('" + css + "').length");
    }

    void press(CharSequence... keys) {
        driver.switchTo().activeElement().sendKeys(keys);
    }

    /** Tab by tab, as a hand on the keyboard would. */
    void tabTo(String css) {
        for (int i = 0; i < 60; i++) {
            if (Boolean.TRUE.equals(eval("document.activeElement?.matches('" + css + "')"))) {
                return;
            }
            press(Keys.TAB);
        }
        throw new AssertionError("the keyboard does not come to " + css);
    }

    void click(String css) {
        driver.findElement(By.cssSelector(css)).click();
    }

    void await(String what, BooleanSupplier done) throws InterruptedException {
        long deadlineNs = System.nanoTime() + TIMEOUT_MS * 1_000_000;
        while (!test(done)) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("waited " + TIMEOUT_MS + " ms for " + what + "; the page:\n" + text("body")
                        + "\nits console: " + console());
            }
            Thread.sleep(100);
        }
    }

    /** The page may change while it is looked at. */
    private static boolean test(BooleanSupplier done) {
        try {
            return done.getAsBoolean();
        } catch (StaleElementReferenceException | JavascriptException e) {
            return false;
        }
    }

    /** What the browser complained of since the last call. */
    List<String> console() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(e -> e.getLevel().intValue() >= Level.WARNING.intValue())
                .map(Object::toString)
                .toList();
    }

    /** The whole page, also what is below the window. */
    void shoot(Path file) throws IOException {
        Map<String, Object> picture = driver.executeCdpCommand(
                "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, Base64.getDecoder().decode(String.valueOf(picture.get("data"))));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
