using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Coord.Scheduling.Leash;

/// <summary>
/// Starts, signals and awaits processes by the C library: in sessions of their own, without the class Process.
/// </summary>
/// <remarks>
/// Process would reap children behind our back, and cannot start one in a group of its own, by which its own children
/// are found too.
/// </remarks>
internal static partial class NativeProcess
{
    public const int Sigkill = 9;
    public const int Sigterm = 15;

    // Generous: glibc's structures have 336 and 80 bytes, musl's are of that size.
    private const int OpaqueBytes = 1024;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int SignalSetBytes = 128;
    private const int Interrupted = 4;

    /// <summary>Starts a program in a session of its own, with output to a pipe and no input.</summary>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static unsafe int Start(string[] arguments, string[] environment, string? directory, SafeFileHandle output)
    {
        byte* memory = stackalloc byte[(2 * OpaqueBytes) + (2 * SignalSetBytes)];
        byte* actions = memory;
        byte* attributes = memory + OpaqueBytes;
        byte* all = attributes + OpaqueBytes;
        byte* none = all + SignalSetBytes;
        Check(FileActionsInit(actions));
        Check(AttributesInit(attributes));
        Utf8Array argv = new(arguments);
        Utf8Array envp = new(environment);
        try
        {
            _ = FillSet(all);
            _ = EmptySet(none);
            // The runtime ignores some signals, and a child would inherit that.
            Check(AttributesSetDefaults(attributes, all));
            Check(AttributesSetMask(attributes, none));
            Check(AttributesSetFlags(attributes, SetSignalDefaults | SetSignalMask | SetSession));
            Check(FileActionsOpen(actions, 0, "/dev/null", 0, 0));
            int pipe = (int)output.DangerousGetHandle();
            Check(FileActionsDup2(actions, pipe, 1));
            Check(FileActionsDup2(actions, pipe, 2));
            if (directory is not null)
                Check(FileActionsChangeDirectory(actions, directory));
            Check(Spawn(out int pid, arguments[0], actions, attributes, argv.Pointer, envp.Pointer));
            return pid;
        }
        finally
        {
            argv.Free();
            envp.Free();
            _ = FileActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
        }
    }

    /// <summary>Signals a whole group. One that is gone already is no error.</summary>
    public static void SignalGroup(int leader, int signal)
    {
        if (leader > 1)
            _ = Kill(-leader, signal);
    }

    /// <summary>Waits for the end of a child, which keeps its id until it is reaped.</summary>
    public static unsafe void AwaitEnd(int pid)
    {
        const int Exited = 0x04;
        const int DoNotReap = 0x01000000;
        byte* ignored = stackalloc byte[SignalSetBytes];
        while (WaitId(1, (uint)pid, ignored, Exited | DoNotReap) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return;
        }
    }

    /// <summary>Reaps a child that has ended.</summary>
    public static (int? ExitCode, int Signal) Reap(int pid)
    {
        int status;
        while (WaitPid(pid, out status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return (null, 0);
        }

        int signal = status & 0x7f;
        return signal == 0 ? ((status >> 8) & 0xff, 0) : (null, signal);
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Spawn(
        out int pid, string file, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static unsafe partial int FileActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static unsafe partial int FileActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static unsafe partial int FileActionsDup2(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen",
        StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int FileActionsOpen(byte* actions, int to, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np",
        StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int FileActionsChangeDirectory(byte* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static unsafe partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static unsafe partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static unsafe partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static unsafe partial int AttributesSetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static unsafe partial int AttributesSetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static unsafe partial int FillSet(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static unsafe partial int EmptySet(byte* signals);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int pid, out int status, int options);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static unsafe partial int WaitId(int kind, uint pid, byte* information, int options);

    /// <summary>Texts as the C library takes them: pointers, the last of which is null.</summary>
    private readonly unsafe struct Utf8Array
    {
        private readonly int _count;

        public Utf8Array(string[] texts)
        {
            _count = texts.Length;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Length + 1), (nuint)sizeof(byte*));
            for (int i = 0; i < texts.Length; i++)
            {
                int length = Encoding.UTF8.GetByteCount(texts[i]);
                byte* text = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
                Encoding.UTF8.GetBytes(texts[i], new Span<byte>(text, length));
                Pointer[i] = text;
            }
        }

        public byte** Pointer { get; }

        public void Free()
        {
            for (int i = 0; i < _count; i++)
                NativeMemory.Free(Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}
