using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace SiamIlgpu.Live;

/// <summary>
/// Serves the page of a <see cref="LiveSession"/> to browsers on this machine: on 127.0.0.1 alone, below a random token, and to
/// this machine's own pages only (other sites' scripts are refused by Host and Origin).
/// </summary>
public sealed class LiveServer : IAsyncDisposable
{
    private const int MostConnections = 64, MostPages = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly LiveSession session;
    private readonly WebApplication application;
    private readonly byte[] token;
    private readonly CancellationTokenSource closing = new();
    private int pages;

    private LiveServer(LiveSession session, int port)
    {
        this.session = session;
        string secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        token = Encoding.ASCII.GetBytes(secret);

        // The empty builder reads no settings from files or the environment, which could open other addresses, and writes no log.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        application = builder.Build();
        application.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(15) });
        application.Run(AnswerAsync);
        Secret = secret;
    }

    /// <summary>The address to open in a browser. Whoever knows it can watch and steer.</summary>
    public Uri Address { get; private set; } = null!;

    private string Secret { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="session">The session. The caller disposes of it after the server.</param>
    /// <param name="port">A port, or 0 for any free port.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<LiveServer> StartAsync(LiveSession session, int port = 0)
    {
        var server = new LiveServer(session, port);
        try
        {
            await server.application.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        IServerAddressesFeature bound = server.application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Address = new Uri(new Uri(bound.Addresses.Single()), $"/{server.Secret}/");
        return server;
    }

    /// <summary>Closes all pages' connections and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(Patience);
        await application.StopAsync(patience.Token).ConfigureAwait(false);
        await application.DisposeAsync().ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            + $"connect-src 'self' ws://{context.Request.Host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        string path = context.Request.Path.Value ?? "";
        int slash = path.IndexOf('/', Math.Min(1, path.Length));
        string given = slash < 0 ? path.TrimStart('/') : path[1..slash];
        if (context.Request.Host.Host is not ("127.0.0.1" or "localhost"))
            await SayAsync(context, StatusCodes.Status403Forbidden, "This page is for this machine alone: open it as 127.0.0.1.").ConfigureAwait(false);
        else if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), token))
            await SayAsync(context, StatusCodes.Status403Forbidden, "The token in the address is wrong: open the address that live printed.").ConfigureAwait(false);
        else if (!HttpMethods.IsGet(context.Request.Method))
            await SayAsync(context, StatusCodes.Status405MethodNotAllowed, "Only GET is answered here.").ConfigureAwait(false);
        else
            await AnswerAsync(context, slash < 0 ? null : path[(slash + 1)..]).ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext context, string? page)
    {
        switch (page)
        {
            case null:
                context.Response.Redirect($"/{Secret}/");
                break;
            case "":
                await SendFileAsync(context, "live.html", "text/html; charset=utf-8").ConfigureAwait(false);
                break;
            case "live.css":
                await SendFileAsync(context, page, "text/css; charset=utf-8").ConfigureAwait(false);
                break;
            case "live.js":
                await SendFileAsync(context, page, "text/javascript; charset=utf-8").ConfigureAwait(false);
                break;
            case "boxes":
                await SendBoxesAsync(context).ConfigureAwait(false);
                break;
            case "socket":
                await ServePageAsync(context).ConfigureAwait(false);
                break;
            default:
                await SayAsync(context, StatusCodes.Status404NotFound, "There is no such page.").ConfigureAwait(false);
                break;
        }
    }

    private static async Task SendFileAsync(HttpContext context, string name, string type)
    {
        context.Response.ContentType = type;
        Stream file = typeof(LiveServer).Assembly.GetManifestResourceStream(name)!;
        await using (file.ConfigureAwait(false))
            await file.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task SendBoxesAsync(HttpContext context)
    {
        string? target = context.Request.Query["target"];
        int number = 0;
        IEnumerable<string>? lines = target is null ? session.BoxesOfAll()
            : int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out number) ? session.BoxesOf(number)
            : null;
        if (lines is null)
        {
            await SayAsync(context, StatusCodes.Status404NotFound, "There is no such target.").ConfigureAwait(false);
            return;
        }
        string file = target is null ? "boxes.csv" : FormattableString.Invariant($"target-{number}.txt");
        context.Response.ContentType = target is null ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename={file}";
        var writer = new StreamWriter(context.Response.Body) { NewLine = "\n" };
        await using (writer.ConfigureAwait(false))
        {
            foreach (string line in lines)
                await writer.WriteLineAsync(line.AsMemory(), context.RequestAborted).ConfigureAwait(false);
        }
    }

    private async Task ServePageAsync(HttpContext context)
    {
        // A browser sends the origin of the page that opens the socket, and a page cannot change it.
        if (context.Request.Headers.Origin != $"http://{context.Request.Host}")
        {
            await SayAsync(context, StatusCodes.Status403Forbidden, "A socket is for this server's own page.").ConfigureAwait(false);
            return;
        }
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await SayAsync(context, StatusCodes.Status400BadRequest, "This address is for WebSockets.").ConfigureAwait(false);
            return;
        }
        try
        {
            if (Interlocked.Increment(ref pages) > MostPages)
            {
                await SayAsync(context, StatusCodes.Status503ServiceUnavailable, $"There are {MostPages} pages open already.").ConfigureAwait(false);
                return;
            }
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
            await new LivePage(session, socket).RunAsync(closing.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref pages);
        }
    }

    private static Task SayAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(sentence + "\n", context.RequestAborted);
    }

    /// <summary>Leaves Ctrl+C and other signals to the program that started the server.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
