// Compiles Kernels/Gpu/Source to Kernels/Gpu/Compiled:
//   dotnet run -c Release --project Tools/KernelCompiler -p:Ilgpu=true
#if ILGPU
using SiamIlgpu.KernelCompiler;

string gpu = args.Length > 0 ? args[0] : Path.Combine("Kernels", "Gpu");
if (!Directory.Exists(Path.Combine(gpu, "Source")))
{
    Console.Error.WriteLine($"{gpu}: has no folder Source; run this from the project's root, or give the path of Kernels/Gpu");
    return 2;
}
KernelFiles.Write(Path.Combine(gpu, "Source"), Path.Combine(gpu, "Compiled"));
return 0;
#else
Console.Error.WriteLine(
    "this KernelCompiler was built without ILGPU: run it with -p:Ilgpu=true where a NuGet feed has the package, "
    + "or with -p:IlgpuAssembly=PATH/ILGPU.dll");
return 2;
#endif
